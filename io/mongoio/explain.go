package mongoio

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// Codes of MongoDB, from its error_codes.yml.
const (
	unauthorized      = 13
	noSuchIndex       = 27
	validationFailure = 121
	tooLarge          = 10334
	geoKeys           = 16755 // "can't extract geo keys": an index of somebody's making
	resultTooLarge    = 17419
	duplicateKey      = 11000
)

// failure is what the server has against one operation of a call.
type failure struct {
	mongo.WriteError
	index int // in the call
}

func (f failure) Error() string { return fmt.Sprintf("%s (code %d)", f.Message, f.Code) }

// ofID says whether a duplicate key is known to be the id's. Servers other than MongoDB do not say which key it is.
func (f failure) ofID() bool {
	_, err := f.Raw.LookupErr("keyPattern", "_id")
	return err == nil
}

// permanent says whether the server would answer the same to the same operation. Of codes that are not known here it is
// assumed that they pass: to try in vain loses nothing.
func permanent(code int) bool {
	return slices.Contains([]int{duplicateKey, validationFailure, tooLarge, resultTooLarge, geoKeys}, code)
}

// explain says in one sentence what the driver says in a page, of what people meet when they set a store up.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[topology.ServerSelectionError](err); ok {
		return inShort{"no MongoDB that takes writes answers: " + reasons(e.Desc), err}
	}
	if e, ok := errors.AsType[*auth.Error](err); ok {
		return inShort{
			"it refuses the user or the password (?authSource= names the database that has the user): " + rootOf(
				e,
			).Error(),
			err,
		}
	}
	if e, ok := errors.AsType[mongo.ServerError](err); ok && e.HasErrorCode(unauthorized) {
		return fmt.Errorf("this user may not do that: %w", err)
	}
	if mongo.IsTimeout(err) {
		return fmt.Errorf("no answer in time: %w", err)
	}
	return err
}

// inShort says of an error what matters.
type inShort struct {
	text string
	err  error
}

func (s inShort) Error() string { return s.text }
func (s inShort) Unwrap() error { return s.err }

func rootOf(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// reasons says of each host why it can't be used.
func reasons(t description.Topology) string {
	all := make([]string, 0, len(t.Servers))
	for _, s := range t.Servers {
		all = append(all, s.Addr.String()+" "+reason(s))
	}
	if len(all) == 0 {
		return "the address names no host"
	}
	return strings.Join(all, ", ")
}

func reason(s description.Server) string {
	switch {
	case s.LastError == nil && s.Kind == description.Unknown:
		return "does not answer"
	case s.LastError == nil:
		return "is no primary (" + s.Kind.String() + ")"
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](s.LastError); ok {
		return "has a certificate that no known authority has signed (?tlsCAFile= names the file with the right " +
			"one): " + e.Error()
	}
	if errors.Is(s.LastError, io.EOF) || errors.Is(s.LastError, syscall.ECONNRESET) {
		return "closes the connection (does it want TLS, ?tls=true, or none?)"
	}
	return rootOf(s.LastError).Error()
}
