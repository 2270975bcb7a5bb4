package storeio

import (
	"cmp"
	"slices"

	"argos"
)

// held is what one bundle has handed to the sink: the newest document of each truck, and the parts they came in.
type held struct {
	trucks []argos.Truck
	index  map[string]int
	parts  []argos.Part
	recvs  []int64

	order []int
	out   []argos.Truck
}

// add takes over the documents of a part, whose truck memory it keeps.
func (h *held) add(d *argos.Documents) {
	if h.index == nil {
		h.index = map[string]int{}
	}
	for i := range d.Trucks {
		t := &d.Trucks[i]
		k, known := h.index[t.ID]
		if !known {
			h.index[t.ID] = len(h.trucks)
			h.trucks = append(h.trucks, *t)
			continue
		}
		old := &h.trucks[k]
		if attrs := old.Attrs; old.Rev <= t.Rev {
			*old = *t
			if old.Attrs == nil {
				old.Attrs = attrs
			}
		} else if old.Attrs == nil {
			old.Attrs = t.Attrs
		}
	}
	h.parts = append(h.parts, d.Part)
	h.recvs = append(h.recvs, d.Recvs...)
}

// sorted returns the documents by id, so that concurrent writers lock them in one order. They are valid until the next
// bundle.
func (h *held) sorted() []argos.Truck {
	h.order, h.out = h.order[:0], h.out[:0]
	for i := range h.trucks {
		h.order = append(h.order, i)
	}
	slices.SortFunc(h.order, func(a, b int) int { return cmp.Compare(h.trucks[a].ID, h.trucks[b].ID) })
	for _, i := range h.order { // a Truck is large: it is moved once
		h.out = append(h.out, h.trucks[i])
	}
	return h.out
}

// acks are the parts of each partition, encoded one after the other.
func (h *held) acks() map[int64][]byte {
	by := map[int64][]byte{}
	for _, p := range h.parts {
		by[int64(p.Partition)] = p.Append(by[int64(p.Partition)])
	}
	return by
}

func (h *held) clear() {
	clear(h.index)
	clear(h.trucks) // what they point to may go
	clear(h.out)
	h.trucks, h.out, h.parts, h.recvs = h.trucks[:0], h.out[:0], h.parts[:0], h.recvs[:0]
}
