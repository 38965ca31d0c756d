package pki

import (
	"errors"
	"fmt"
)

// ErrInvalid is what errors.Is finds in every error about input: the spec, the files it names, or what is in pki/. Nothing
// was written then. All other errors are about the system: a lock, a disk, a permission.
var ErrInvalid = errors.New("invalid input")

// ErrLocked is what errors.Is finds when another process has the folder open.
var ErrLocked = errors.New("locked")

// kindError is an error of one of the kinds above, without the kind's name in its text.
type kindError struct {
	kind error
	err  error
}

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

// invalid is fmt.Errorf for an error that is ErrInvalid.
func invalid(format string, args ...any) error {
	return &kindError{kind: ErrInvalid, err: fmt.Errorf(format, args...)}
}
