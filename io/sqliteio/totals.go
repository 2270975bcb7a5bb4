package sqliteio

import (
	"context"
	"fmt"

	"argos"
)

const totalsSQL = `select count(*), coalesce(sum(fixes), 0), coalesce(sum(duplicates), 0), coalesce(sum(late), 0),
	coalesce(sum(rejected), 0)
from _argos_trucks`

// Totals reads the table through, on a snapshot: writers do not wait for it.
func (s *store) Totals(ctx context.Context) (t argos.Totals, err error) {
	err = s.reader.QueryRowContext(ctx, totalsSQL).Scan(&t.Trucks, &t.Fixes, &t.Duplicates, &t.Late, &t.Rejected)
	if err != nil {
		return argos.Totals{}, fmt.Errorf("count the trucks: %w", err)
	}
	return t, nil
}
