package migrated_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
)

// value is written into a column of a type, and is to come back as another where that is not the same.
type value struct {
	column string
	in     any
	out    any
}

var utc = time.Date(2026, 11, 21, 7, 12, 0, 123456000, time.UTC)

var values = map[string][]value{
	"": {
		{"INTEGER", int64(0), nil},
		{"INTEGER", int64(math.MinInt32), nil},
		{"BIGINT", int64(math.MaxInt64), nil},
		{"BIGINT", int64(math.MinInt64), nil},
		{"BIGINT", uint16(7), int64(7)},
		{"VARCHAR(80)", "", nil},
		{"VARCHAR(80)", "it's \"quoted\" \\ 100% :x ? $1 \u20ac \U0001f600\n\t", nil},
		{"DOUBLE PRECISION", 0.1, nil},
		{"DOUBLE PRECISION", -math.MaxFloat64, nil},
		{"DOUBLE PRECISION", math.SmallestNonzeroFloat64, nil},
		{"DOUBLE PRECISION", float32(0.5), 0.5},
	},
	"postgresql": {
		{"boolean", true, nil},
		{"boolean", false, nil},
		{"numeric", "-12.3400", nil},
		{"numeric", "123456789012345678901234567890.123456789", nil},
		{"numeric", "NaN", nil},
		{"numeric", uint64(math.MaxUint64), "18446744073709551615"},
		{"bytea", every, nil},
		{"bytea", []byte{}, nil},
		{"date", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), nil},
		{"date", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), nil},
		{"date", "infinity", nil},
		{"date", time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC), "0044-03-15 BC"},
		{"timestamp", utc, nil},
		{"timestamp", utc.In(time.FixedZone("", 5400)), time.Date(2026, 11, 21, 8, 42, 0, 123456000, time.UTC)},
		{"timestamptz", utc, nil},
		{"timestamptz", utc.In(time.FixedZone("", -5400)), utc},
		{"time", "07:12:00.123456", nil},
		{"interval", "P1Y2M3DT4H5M6.789S", nil},
		{"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", nil},
		{"json", json.RawMessage(`{"a": [1, 2.5, null]}`), []byte(`{"a": [1, 2.5, null]}`)},
		{"jsonb", `{"a": "\u00fc"}`, []byte("{\"a\": \"\u00fc\"}")},
		{"inet", "10.0.0.0/8", nil},
		{"integer[]", []int32{1, -3}, "{1,-3}"},
		{"text[]", []string{"a,b", `"`, "", `\`, "NULL", "{}", "x"}, `{"a,b","\"","","\\","NULL","{}",x}`},
		{"integer[][]", [][]int{{1, 2}, {3, 4}}, "{{1,2},{3,4}}"},
		{"text[]", []string{}, "{}"},
		{"integer[]", "[5:6]={1,2}", nil},
	},
	"sqlite": {
		{"BLOB", every, nil},
		{"BLOB", []byte{}, nil},
		{"TEXT", strings.Repeat("x", 200_000), nil},
		{"TIMESTAMP", utc, nil},
		{"DATE", "2026-11-21", time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)},
		{"TEXT", "2026-11-21", nil},
		{"BOOLEAN", true, int64(1)},
	},
	"mysql": {
		{"DECIMAL(20,4)", "-12.3400", nil},
		{"BIGINT UNSIGNED", uint64(math.MaxUint64), nil},
		{"VARBINARY(256)", every, nil},
		{"DATE", time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), nil},
		{"TIME(6)", "-838:59:58.000001", nil},
		{"DATETIME(6)", utc, nil},
		{"DATETIME(6)", utc.In(time.FixedZone("", 5400)), utc},
		{"LONGTEXT", strings.Repeat("x", 200_000), nil},
	},
}

var every = func() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}()

func mark(dialect string) string {
	if dialect == "postgresql" {
		return "$1"
	}
	return "?"
}

func TestValuesThereAndBack(t *testing.T) {
	onSteps(t, func(t *testing.T, ctx context.Context, db *sql.DB, dialect string) error {
		for i, v := range append(values[""][:len(values[""]):len(values[""])], values[dialect]...) {
			if v.out == nil {
				v.out = v.in
			}
			table := fmt.Sprintf("v%d", i)
			if _, err := db.ExecContext(ctx, "CREATE TABLE "+table+" (v "+v.column+")"); err != nil {
				return err
			}
			insert, err := db.PrepareContext(ctx, "INSERT INTO "+table+" VALUES ("+mark(dialect)+")")
			if err != nil {
				return err
			}
			for _, in := range []any{v.in, nil, reflect.Zero(reflect.PointerTo(reflect.TypeOf(v.in))).Interface()} {
				if result, err := insert.ExecContext(ctx, in); err != nil {
					return fmt.Errorf("%s %.80v: %w", v.column, v.in, err)
				} else if changed, err := result.RowsAffected(); err != nil || changed != 1 {
					return fmt.Errorf("%d rows were changed: %w", changed, err)
				}
			}
			rows, err := db.QueryContext(ctx, "SELECT v FROM "+table+" ORDER BY v IS NULL")
			if err != nil {
				return err
			}
			var found []any
			for rows.Next() {
				var one any
				if err := rows.Scan(&one); err != nil {
					return err
				}
				found = append(found, one)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			if !reflect.DeepEqual(found, []any{v.out, nil, nil}) {
				t.Errorf("%s: %q (%T) came back for %q", v.column, found, found[0], fmt.Sprintf("%.200v", v.out))
			}
		}
		return nil
	})
}

func TestArraysAreScannedIntoSlices(t *testing.T) {
	server := postgres(t)
	daemon := startDaemon(t)
	_, err := stepping(t, daemon, server.Database(t), func(ctx context.Context, db *sql.DB) error {
		one := int64(1)
		for _, row := range []struct {
			text string
			into sql.Scanner
			want func() (found, wanted any)
		}{
			scanned(`'{1,-2}'::bigint[]`, []int64{1, -2}),
			scanned(`'{1,NULL}'::int[]`, []*int64{&one, nil}),
			scanned(`'{1,NULL}'::int[]`, []sql.Null[int64]{{V: 1, Valid: true}, {}}),
			scanned(`'{{1,2},{3,4}}'::int[]`, [][]int{{1, 2}, {3, 4}}),
			scanned(`'[0:1]={a,"b,\"c"}'::text[]`, []string{"a", `b,"c`}),
			scanned(`'{t,f}'::bool[]`, []bool{true, false}),
			scanned(`'{0.1,Infinity}'::float8[]`, []float64{0.1, math.Inf(1)}),
			scanned(`'{1.10}'::numeric[]`, []string{"1.10"}),
			scanned(`ARRAY['\x00ff'::bytea]`, [][]byte{{0, 255}}),
			scanned(`'{2026-11-21 07:12:00.123456+00}'::timestamptz[]`, []time.Time{utc}),
			scanned(`'{}'::int[]`, []uint16{}),
			scanned[int](`NULL::int[]`, nil),
		} {
			if err := db.QueryRowContext(ctx, "SELECT "+row.text).Scan(row.into); err != nil {
				return fmt.Errorf("%s: %w", row.text, err)
			}
			if found, wanted := row.want(); !reflect.DeepEqual(found, wanted) {
				t.Errorf("%s is %v, not %v", row.text, found, wanted)
			}
		}
		var small []int8
		for _, wrong := range []string{"'{1,NULL}'::int[]", "'{300}'::int[]", "'{{1}}'::int[]", "'a'::text"} {
			if err := db.QueryRowContext(ctx, "SELECT "+wrong).Scan(migrated.Array(&small)); err == nil {
				t.Errorf("%s became %v", wrong, small)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scanned[T any](text string, want []T) (row struct {
	text string
	into sql.Scanner
	want func() (found, wanted any)
}) {
	found := new([]T)
	row.text, row.into = text, migrated.Array(found)
	row.want = func() (any, any) { return *found, want }
	return row
}

func TestColumnsTellTheirTypes(t *testing.T) {
	server := postgres(t)
	_, err := stepping(t, startDaemon(t), server.Database(t), func(ctx context.Context, db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "SELECT 1 AS a, 'x'::text AS b, now() AS c, '{}'::jsonb AS d WHERE false")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		types, err := rows.ColumnTypes()
		if err != nil {
			return err
		}
		var found []string
		for _, column := range types {
			found = append(found, column.Name()+" "+column.DatabaseTypeName()+" "+column.ScanType().String())
		}
		if text := strings.Join(found, ", "); text != "a INT4 int64, b TEXT string, c TIMESTAMPTZ time.Time, d JSONB []uint8" {
			t.Errorf("the columns are %s", text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Numbers of rows, of which a part alone is read, or another statement is executed in between.
func TestRowsComeWhileTheyAreRead(t *testing.T) {
	onSteps(t, func(t *testing.T, ctx context.Context, db *sql.DB, dialect string) error {
		numbers := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, 'padding padding padding' FROM n"
		if dialect == "mysql" {
			numbers = "SELECT seq, 'padding padding padding' FROM seq_1_to_%d"
		}
		rows, err := db.QueryContext(ctx, fmt.Sprintf(numbers, 20_000))
		if err != nil {
			return err
		}
		sum := 0
		for count := 1; rows.Next(); count++ {
			var i int
			var padding sql.RawBytes
			if err := rows.Scan(&i, &padding); err != nil {
				return err
			}
			if i != count || !bytes.HasPrefix(padding, []byte("padding")) {
				return fmt.Errorf("row %d is %d %s", count, i, padding)
			}
			if sum += i; count == 100 {
				var one int
				if err := db.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil || one != 1 {
					return fmt.Errorf("%d: %w", one, err)
				}
			}
		}
		if err := rows.Err(); err != nil || sum != 20_000*20_001/2 {
			return fmt.Errorf("the sum is %d: %w", sum, err)
		}
		// Without letting go this would read for minutes.
		begun := time.Now()
		rows, err = db.QueryContext(ctx, fmt.Sprintf(numbers, 1_000_000))
		if err != nil {
			return err
		}
		if !rows.Next() {
			return fmt.Errorf("no row: %w", rows.Err())
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if took := time.Since(begun); dialect == "sqlite" && took > 10*time.Second {
			t.Errorf("letting go took %s", took)
		}
		_, err = db.ExecContext(ctx, "CREATE TABLE after_rows (id integer)")
		return err
	})
}
