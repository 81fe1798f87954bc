// revision: 3f2a9c1b7d4e
// down_revision: 5d1c0f9a2b3e
// message: work out what invoices cost

package migrations

import (
	"context"
	"database/sql"

	migrated "migrated.internal/client/go"
)

func init() { Bodies.Add("3f2a9c1b7d4e", migrated.Body{Up: workOut, Down: forget}) }

func workOut(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT id, net FROM invoices ORDER BY id")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, net int64
		if err := rows.Scan(&id, &net); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, "UPDATE invoices SET gross = $1 WHERE id = $2", net*119/100, id); err != nil {
			return err
		}
	}
	return rows.Err()
}

func forget(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "UPDATE invoices SET gross = NULL")
	return err
}
