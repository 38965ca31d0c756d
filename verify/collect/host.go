package collect

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// HostConfig says what to look at on this machine.
type HostConfig struct {
	// Member is the expected member that this machine is.
	Member expect.Member
	// Root is the folder that paths are below; empty means /, and only then units and the clock are looked at.
	Root string
}

// lookAtHost reads what the expectation names, and changes nothing.
func lookAtHost(ctx context.Context, cfg HostConfig) *facts.Host {
	h := &facts.Host{Member: cfg.Member}
	for _, f := range cfg.Member.Files {
		h.Files = append(h.Files, cfg.file(f))
	}
	for _, f := range cfg.Member.Binaries {
		h.Binaries = append(h.Binaries, cfg.file(f))
	}
	if len(h.Binaries) > 0 {
		h.Record = cfg.record(h.Binaries[0].Want)
	}
	for _, name := range cfg.Member.Units {
		h.Units = append(h.Units, cfg.unit(ctx, name))
	}
	h.Clock = cfg.clock(ctx)
	return h
}

// file looks at one path; of a private key only whether it belongs to its certificate.
func (cfg HostConfig) file(want expect.File) facts.HostFile {
	f := facts.HostFile{Want: want}
	path := filepath.Join(cfg.Root, want.Path)
	info, err := os.Lstat(path)
	if err != nil {
		return unreadable(f, err)
	}
	f.Mode = info.Mode()
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		f.Owner, f.Group = userName(s.Uid), groupName(s.Gid)
	}
	switch {
	case !f.Mode.IsRegular():
	case want.KeyOf != "":
		if _, err := tls.LoadX509KeyPair(filepath.Join(cfg.Root, want.KeyOf), path); errors.Is(err, fs.ErrPermission) {
			return unreadable(f, err)
		} else if err != nil {
			f.KeyFault = err.Error() // tls never quotes a key
		}
	default:
		if f.SHA256, err = digest(path); err != nil {
			return unreadable(f, err)
		}
	}
	return f
}

func unreadable(f facts.HostFile, err error) facts.HostFile {
	f.Fault = err.Error()
	f.Missing, f.Denied = errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission)
	return f
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// userName is the user's name, or the number where it has none.
func userName(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

func groupName(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if g, err := user.LookupGroupId(number); err == nil {
		return g.Name
	}
	return number
}
