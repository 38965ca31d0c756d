package facts

import "slices"

// Data is every member's hash of its keys, all up to one revision.
type Data struct {
	// Skipped says why nothing was asked; empty where it was.
	Skipped string
	Hashes  []Hash
	// Still: the members' compact revisions differ, and stayed as they are while they were asked again and again.
	Still bool
}

// Hash is one member's answer. Sums can be compared where Revision and Compact are equal: a compaction changes what is hashed.
type Hash struct {
	Endpoint          *Endpoint
	Revision, Compact int64
	Sum               uint32
	Fault             *Fault
}

// Told are the hashes that members gave.
func (d Data) Told() []Hash {
	return slices.DeleteFunc(slices.Clone(d.Hashes), func(h Hash) bool { return h.Fault != nil })
}

// Comparable tells whether the hashes that were given cover the same revisions.
func (d Data) Comparable() bool {
	told := d.Told()
	return !slices.ContainsFunc(told, func(h Hash) bool { return h.Compact != told[0].Compact || h.Revision != told[0].Revision })
}

// Agrees tells whether all hashes that were given are the same.
func (d Data) Agrees() bool {
	told := d.Told()
	return d.Comparable() && !slices.ContainsFunc(told, func(h Hash) bool { return h.Sum != told[0].Sum })
}

// SameAuth tells whether all members that told have the same state of authentication.
func (c *Cluster) SameAuth() bool {
	var first *Auth
	for _, e := range c.Inside() {
		if first == nil {
			first = e.Auth
		}
		if e.Auth != nil && *e.Auth != *first {
			return false
		}
	}
	return true
}

// Compacted are the revisions at which the members that gave a hash have been compacted.
func (d Data) Compacted() []int64 {
	var all []int64
	for _, h := range d.Told() {
		all = append(all, h.Compact)
	}
	return all
}

// Overtaken tells whether a member had compacted the revision away already, or had not reached it yet.
func (d Data) Overtaken() bool {
	return slices.ContainsFunc(d.Hashes, func(h Hash) bool { return h.Fault != nil && h.Fault.Kind == Moved })
}
