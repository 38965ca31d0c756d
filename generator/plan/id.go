package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// identify returns a digest of all that the files say, as 12 hex digits, and the files with it in first-boot.env: a host knows by it
// whether it is done with what it was given, or has been given something else since.
func identify(files []File) (id string, with []File) {
	list := make([]byte, 0, 128*len(files)) // as a rule it takes no more
	for _, f := range files {
		list = strconv.AppendQuote(list, f.Path)
		list = strconv.AppendUint(append(list, ' '), uint64(f.Mode), 8)
		list = append(append(append(list, ' '), f.SHA256...), '\n')
	}
	id = digest(list)[:12]
	with = slices.Clone(files)
	for i, f := range with {
		if f.Path == firstBootEnvPath {
			with[i] = NewFile(f.Path, fmt.Appendf(slices.Clip(f.Content), "ID=%q\n", id), f.Layer)
		}
	}
	return id, with
}
