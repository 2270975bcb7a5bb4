package storeio

import (
	"cmp"
	"slices"

	"argos"
)

// held is what one bundle has handed to the sink: the newest document of each truck, and the parts they came in.
type held struct {
	trucks map[string]argos.Truck
	parts  []argos.Part
	recvs  []int64
}

// add takes over the documents of a part, whose truck memory it keeps.
func (h *held) add(d *argos.Documents) {
	if h.trucks == nil {
		h.trucks = map[string]argos.Truck{}
	}
	for _, t := range d.Trucks {
		if old, ok := h.trucks[t.ID]; ok {
			if old.Rev > t.Rev {
				old, t = t, old
			}
			if t.Attrs == nil {
				t.Attrs = old.Attrs
			}
		}
		h.trucks[t.ID] = t
	}
	h.parts = append(h.parts, d.Part)
	h.recvs = append(h.recvs, d.Recvs...)
}

// sorted returns the documents by id, so that concurrent writers lock them in one order.
func (h *held) sorted() []argos.Truck {
	all := make([]argos.Truck, 0, len(h.trucks))
	for _, t := range h.trucks {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b argos.Truck) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (h *held) clear() {
	clear(h.trucks)
	h.parts, h.recvs = h.parts[:0], h.recvs[:0]
}
