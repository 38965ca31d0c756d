package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// identify returns a digest of all that the files say, as 12 hex digits, and the files with it in first-boot.env: a host knows by it
// whether it is done with what it was given, or has been given something else since.
func identify(files []File) (id string, with []File) {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%q %o %d\n", f.Path, f.Mode, len(f.Content))
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
