package argos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
)

// ErrNotFound says that the store has no such truck.
var ErrNotFound = errors.New("not found")

// ErrDiverged says that a stored document is not the fold of the log that its writer saw.
var ErrDiverged = errors.New("document diverged from the log")

// ErrDocument says that a stored document is not one that this program writes: it is damaged, or another program's.
var ErrDocument = errors.New("a document that can't be read")

// Unwritable says that the store itself refuses this one document, by a rule of its own and not because it is down:
// writing it again gives the same. Others of the call may have been written. An error of Upsert may join several.
type Unwritable struct {
	ID  string
	Err error // the store's own reason
}

func (u *Unwritable) Error() string {
	return fmt.Sprintf("the store refuses truck %s: %v", u.ID, u.Err)
}

// Unwrap returns the store's own reason.
func (u *Unwritable) Unwrap() error { return u.Err }

// Mark is how far a partition has been stored: every record below Offset is in the documents or the dead letters. Time
// is Kafka's time (ms) of the record just below, by which a topic that was remade under its old name is told from this
// one; 0: unknown.
type Mark struct {
	Topic     string
	Partition int32
	Epoch     int32
	Offset    int64
	Time      int64
}

// Refusal is what the guard answers to an upsert that is not newer than the stored document.
type Refusal struct {
	ID  string
	Rev int64 // stored
	Pos Pos   // stored
}

// Contains says whether the stored document has folded what t had: the refusal is then the harmless one of a replay.
// Anything else is divergence, for a Rev names one prefix of the log.
func (r Refusal) Contains(t *Truck) bool {
	if r.Rev == t.Rev {
		return r.Pos.Compare(t.Pos) == 0
	}
	return r.Rev > t.Rev && r.Pos.Compare(t.Pos) > 0
}

// Box is a rectangle in degrees, edges included. West > East crosses the antimeridian.
type Box struct{ West, South, East, North float64 }

// Check says whether the box can be one.
func (b Box) Check() error {
	for _, x := range [...]float64{b.West, b.South, b.East, b.North} {
		if math.IsNaN(x) {
			return errors.New("a bound is not a number")
		}
	}
	switch {
	case b.West < -180 || b.West > 180 || b.East < -180 || b.East > 180:
		return fmt.Errorf("west %v and east %v must lie in -180 to 180", b.West, b.East)
	case b.South < -90 || b.North > 90 || b.South > b.North:
		return fmt.Errorf("south %v and north %v must lie in -90 to 90, in this order", b.South, b.North)
	}
	return nil
}

// Contains says whether a position lies in the box; an unknown one (NaN) does not.
func (b Box) Contains(p LatLon) bool {
	if !(p.Lat >= b.South && p.Lat <= b.North) {
		return false
	}
	if b.West <= b.East {
		return p.Lon >= b.West && p.Lon <= b.East
	}
	return p.Lon >= b.West || p.Lon <= b.East
}

// Store keeps one document a truck and one mark a partition. All methods may be called at once from many goroutines.
type Store interface {
	// Truck returns a truck's document, or ErrNotFound.
	Truck(ctx context.Context, id string) (Truck, error)
	// Trucks returns the documents of those ids that have one, in no order.
	Trucks(ctx context.Context, ids []string) ([]Truck, error)
	// InBox returns at most limit documents whose cleaned position lies in the box, by id; Track is left out.
	InBox(ctx context.Context, box Box, limit int) ([]Truck, error)
	// After returns at most limit documents with an id above the given one, by id: a page of all.
	After(ctx context.Context, id string, limit int) ([]Truck, error)
	// Totals counts all documents: a scan of the store, so nothing to ask for often.
	Totals(ctx context.Context) (Totals, error)
	// Upsert writes each document whose Rev is above the stored one, all or none of the call as far as the store can,
	// and sets Updated. It answers with the stored state of each that the guard refused. The ids of a call differ.
	// Documents that the store refuses by rules of its own are named by Unwritable errors.
	Upsert(ctx context.Context, trucks []Truck) ([]Refusal, error)
	// Marks returns a topic's marks, by partition.
	Marks(ctx context.Context, topic string) ([]Mark, error)
	// SetMarks writes marks durably; one that is behind the stored (epoch, offset) is ignored.
	SetMarks(ctx context.Context, marks []Mark) error
	// Identity is a name that the store draws when it is first asked and keeps: two stores never share one, whatever
	// their addresses are, and one store has one from wherever it is reached. It is 16 hexadecimal digits.
	Identity(ctx context.Context) (string, error)
	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	Close() error
}

// Stores opens stores by URI, and shares one handle among all who ask for the same URI in a process: Beam ships its
// functions between processes as plain data, so a URI is all that can travel. Close is called once for each Open; the
// last one closes the store.
type Stores struct {
	mu      sync.Mutex
	drivers map[string]func(context.Context, string) (Store, error)
	open    map[string]*shared
}

type shared struct {
	Store
	of    *Stores
	uri   string
	users int
}

// Process is the registry that a worker's Beam functions open their stores from. The program's main fills it.
var Process = &Stores{}

// Register names the technology behind a URI scheme. A scheme that is taken panics: it is an error of the program.
func (s *Stores) Register(scheme string, open func(ctx context.Context, uri string) (Store, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drivers == nil {
		s.drivers, s.open = map[string]func(context.Context, string) (Store, error){}, map[string]*shared{}
	}
	if _, taken := s.drivers[scheme]; taken {
		panic("argos: store scheme " + scheme + " registered twice")
	}
	s.drivers[scheme] = open
}

// Open returns the store behind a URI such as "sqlite:trucks.db" or "mongodb://host/argos".
func (s *Stores) Open(ctx context.Context, uri string) (Store, error) {
	// Not by net/url, which knows no list of hosts.
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || scheme == "" || rest == "" {
		return nil, errors.New("store address: want SCHEME:..., such as sqlite:trucks.db or mongodb://host/argos")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.open[uri]; sh != nil {
		sh.users++
		return sh, nil
	}
	open := s.drivers[scheme]
	if open == nil {
		return nil, fmt.Errorf(
			"store address: no store is called %q; there is %s",
			scheme,
			strings.Join(slices.Sorted(maps.Keys(s.drivers)), ", "),
		)
	}
	st, err := open(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", Redacted(uri), err)
	}
	sh := &shared{Store: st, of: s, uri: uri, users: 1}
	s.open[uri] = sh
	return sh, nil
}

func (sh *shared) Close() error {
	sh.of.mu.Lock()
	defer sh.of.mu.Unlock()
	if sh.users--; sh.users > 0 {
		return nil
	}
	delete(sh.of.open, sh.uri)
	return sh.Store.Close()
}
