package collect

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// record reads what first boot noted of the programs. Nobody but the owner of the programs may write it.
func (cfg HostConfig) record(program expect.File) facts.HostRecord {
	want := expect.File{Path: expect.ProgramsRecord, Mode: "0644", Owner: program.Owner, Group: program.Group}
	r := facts.HostRecord{File: cfg.file(want)}
	if r.File.Fault != "" || !r.File.Mode.IsRegular() {
		return r
	}
	text, err := os.ReadFile(filepath.Join(cfg.Root, want.Path))
	if err == nil {
		r.Sums, err = parseSums(string(text))
	}
	if err != nil {
		r.File.Fault = err.Error()
	}
	return r
}

// parseSums reads lines of sha256sum, "SUM  NAME", or "SUM *NAME".
func parseSums(text string) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		raw, err := hex.DecodeString(sum)
		if !ok || len(name) < 2 || name[0] != ' ' && name[0] != '*' || err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("%q is not a line of sha256sum", strings.TrimSpace(line))
		}
		sums[name[1:]] = hex.EncodeToString(raw)
	}
	return sums, nil
}
