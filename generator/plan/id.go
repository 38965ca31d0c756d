package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// identify returns a digest of all that the files say, as 12 hex digits, and the files with it in first-boot.env: a host knows by it
// whether it is done with what it was given, or has been given something else since.
func identify(files []File) (id string, with []File) {
	sum := sha256.New()
	var head []byte
	for _, f := range files {
		head = strconv.AppendQuote(head[:0], f.Path)
		head = strconv.AppendUint(append(head, ' '), uint64(f.Mode), 8)
		head = strconv.AppendInt(append(head, ' '), int64(len(f.Content)), 10)
		sum.Write(append(head, '\n'))
		sum.Write(f.Content)
	}
	id = hex.EncodeToString(sum.Sum(nil)[:6])
	with = slices.Clone(files)
	for i, f := range with {
		if f.Path == firstBootEnvPath {
			with[i].Content = fmt.Appendf(slices.Clip(f.Content), "ID=%q\n", id)
		}
	}
	return id, with
}
