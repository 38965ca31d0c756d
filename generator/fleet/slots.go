package fleet

import (
	"sync"

	"github.com/etcdbake/etcdbake/generator/durable"
)

// slots are for clusters that compute: one for each processor. One that has begun goes before one that has not, so that no more
// are begun than the disk keeps waiting.
type slots struct {
	mu         sync.Mutex
	free       int
	begun, new queue
}

// queue is who waits for a slot, first come, first served.
type queue []chan struct{}

func newSlots(n int) *slots { return &slots{free: n} }

// take waits for a slot: in the queue of those that have begun, or in that of new ones.
func (s *slots) take(q *queue) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	*q = append(*q, turn)
	s.mu.Unlock()
	<-turn
}

// give hands the slot to the next one.
func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range []*queue{&s.begun, &s.new} {
		if len(*q) > 0 {
			close((*q)[0])
			*q = (*q)[1:]
			return
		}
	}
	s.free++
}

// yielding gives the slot of a cluster to another one while it waits for the disk.
type yielding struct {
	durable.Disk
	slots *slots
}

func (y yielding) Sync(folder string, names ...string) error {
	y.slots.give()
	defer y.slots.take(&y.slots.begun)
	return y.Disk.Sync(folder, names...)
}
