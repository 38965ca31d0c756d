//go:build !linux

package durable

// Group is a Disk for many clusters at a time; there is no way here to sync a whole file system and hear of its errors.
type Group struct{ Each }

// NewGroup returns a Group.
func NewGroup(...string) (*Group, error) { return &Group{}, nil }

// Close does nothing.
func (*Group) Close() {}
