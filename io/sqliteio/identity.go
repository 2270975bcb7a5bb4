package sqliteio

import (
	"context"
	"fmt"
)

// identitySQL makes the table when it is first wanted, so that a reader of an older file needs nothing of it.
var identitySQL = []string{
	`create table if not exists _argos_store(identity text not null)`,
	`insert into _argos_store select lower(hex(randomblob(8))) where not exists (select 1 from _argos_store)`,
}

func (s *store) Identity(ctx context.Context) (id string, err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("the store's identity: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, sql := range identitySQL {
		if _, err := tx.ExecContext(ctx, sql); err != nil {
			return "", fmt.Errorf("draw the store's identity: %w", err)
		}
	}
	if err := tx.QueryRowContext(ctx, `select identity from _argos_store`).Scan(&id); err != nil {
		return "", fmt.Errorf("read the store's identity: %w", err)
	}
	return id, tx.Commit()
}
