package traceio

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"argos"
)

// safeID makes a truck id of any name: the name itself where it is one. Elsewhere '-' stands for what an id cannot
// have, and the beginning of the name's SHA-256 follows, so that two names never become one id, and a name becomes the
// same id in every file. Empty stays empty.
func safeID(name string) string {
	name = strings.TrimSpace(name)
	if name == "" || argos.CheckTruckID(name) == nil {
		return name
	}
	const hashed = 5 // bytes: of a million names that read alike, two share it with a chance of 1 in 3
	sum := sha256.Sum256([]byte(name))
	tail := "-" + hex.EncodeToString(sum[:hashed])
	var readable strings.Builder
	for _, r := range name {
		switch {
		case argos.CheckTruckID(string(r)) == nil:
			readable.WriteRune(r)
		case !strings.HasSuffix(readable.String(), "-"):
			readable.WriteByte('-')
		}
	}
	head := strings.Trim(readable.String(), "-")
	return strings.TrimPrefix(head[:min(len(head), argos.MaxTruckID-len(tail))]+tail, "-")
}

// named are the trucks that a file names, each in its own words.
type named struct {
	ids   map[string]string // by name
	attrs map[string][]byte // by name: what keeps the name beside an id that is another
	order []string          // names whose id is another, as they came
}

// id returns the id of a name, and the attrs that say the name where the id does not.
func (n *named) id(name string) (string, []byte) {
	if id, known := n.ids[name]; known {
		return id, n.attrs[name]
	}
	if n.ids == nil {
		n.ids, n.attrs = map[string]string{}, map[string][]byte{}
	}
	id := safeID(name)
	n.ids[name] = id
	if id != name {
		n.order = append(n.order, name)
		text, err := json.Marshal(map[string]string{"name": name})
		if err == nil && len(text) <= argos.MaxAttrs {
			n.attrs[name] = text
		}
	}
	return id, n.attrs[name]
}
