package migrated

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"migrated.internal/client/go/migratedv1"
)

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// encodeValue makes a parameter. PostgreSQL works out the type of a text and of a time from the statement, as that of a
// quoted literal.
func encodeValue(value any, dialect string) (*migratedv1.SqlValue, error) {
	if array, ok := value.(arrayed); ok {
		return array.encode(dialect)
	}
	if valuer, ok := value.(driver.Valuer); ok {
		v := reflect.ValueOf(value)
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return &migratedv1.SqlValue{}, nil
		}
		inner, err := valuer.Value()
		if err != nil {
			return nil, err
		}
		if _, again := inner.(driver.Valuer); again {
			return nil, fmt.Errorf("migrated: the value of a %T is a driver.Valuer again", value)
		}
		return encodeValue(inner, dialect)
	}
	if value == nil {
		return &migratedv1.SqlValue{}, nil
	}
	return encodeKind(reflect.ValueOf(value), dialect)
}

func encodeKind(v reflect.Value, dialect string) (*migratedv1.SqlValue, error) {
	switch v.Type() {
	case timeType:
		return text(timeText(v.Interface().(time.Time), dialect)), nil
	case rawType:
		if v.IsNil() {
			return &migratedv1.SqlValue{}, nil
		}
		return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Json{Json: string(v.Bytes())}}, nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Boolean{Boolean: v.Bool()}}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Integer{Integer: v.Int()}}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > 1<<63-1 {
			return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Unsigned{Unsigned: v.Uint()}}, nil
		}
		return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Integer{Integer: int64(v.Uint())}}, nil
	case reflect.Float32, reflect.Float64:
		return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Real{Real: v.Float()}}, nil
	case reflect.String:
		return text(v.String()), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return &migratedv1.SqlValue{}, nil
		}
		return encodeValue(v.Elem().Interface(), dialect)
	case reflect.Slice:
		if v.IsNil() {
			return &migratedv1.SqlValue{}, nil
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Bytes{Bytes: v.Bytes()}}, nil
		}
		return encodeArray(v, dialect)
	}
	return nil, fmt.Errorf("migrated: a parameter of type %s has no form in SQL; give a driver.Valuer, or its text", v.Type())
}

func text(text string) *migratedv1.SqlValue {
	return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Text{Text: text}}
}

func encodeArray(v reflect.Value, dialect string) (*migratedv1.SqlValue, error) {
	if dialect != "postgresql" {
		return nil, fmt.Errorf("migrated: a parameter of type %s is an array, which only PostgreSQL has", v.Type())
	}
	array := &migratedv1.SqlArray{}
	for i := range v.Len() {
		element, err := encodeValue(v.Index(i).Interface(), dialect)
		if err != nil {
			return nil, err
		}
		array.Elements = append(array.Elements, element)
	}
	return &migratedv1.SqlValue{Kind: &migratedv1.SqlValue_Array{Array: array}}, nil
}

// timeText writes a moment so that PostgreSQL reads it right as whichever type its column has: a timestamp without time
// zone takes the clock's time, one with time zone the moment, a date the day. MySQL has no offset in its literals: it gets
// UTC.
func timeText(moment time.Time, dialect string) string {
	switch dialect {
	case "mysql":
		return moment.UTC().Format("2006-01-02 15:04:05.999999")
	case "sqlite":
		return moment.Format("2006-01-02 15:04:05.999999999-07:00")
	}
	if moment.Year() < 1 {
		year := 1 - moment.Year()
		return fmt.Sprintf("%04d%s BC", year, moment.Format("-01-02 15:04:05.999999-07:00:00"))
	}
	return moment.Format("2006-01-02 15:04:05.999999-07:00:00")
}

// decodeValue makes Go's value of a result. What time.Time cannot hold comes as its text: infinity, 0000-00-00.
func decodeValue(value *migratedv1.SqlValue, dialect, typeName string) driver.Value {
	switch kind := value.GetKind().(type) {
	case *migratedv1.SqlValue_Boolean:
		return kind.Boolean
	case *migratedv1.SqlValue_Integer:
		return kind.Integer
	case *migratedv1.SqlValue_Unsigned:
		return kind.Unsigned
	case *migratedv1.SqlValue_Real:
		return kind.Real
	case *migratedv1.SqlValue_Decimal:
		return kind.Decimal
	case *migratedv1.SqlValue_Text:
		if dialect == "sqlite" {
			return declaredMoment(kind.Text, typeName)
		}
		return kind.Text
	case *migratedv1.SqlValue_Bytes:
		if kind.Bytes == nil {
			// An empty field travels as none; nil would be NULL.
			return []byte{}
		}
		return kind.Bytes
	case *migratedv1.SqlValue_Date:
		return moment(kind.Date)
	case *migratedv1.SqlValue_Timestamp:
		return moment(kind.Timestamp)
	case *migratedv1.SqlValue_Timestamptz:
		return moment(kind.Timestamptz)
	case *migratedv1.SqlValue_Time:
		return kind.Time
	case *migratedv1.SqlValue_Interval:
		return kind.Interval
	case *migratedv1.SqlValue_Uuid:
		return kind.Uuid
	case *migratedv1.SqlValue_Json:
		return []byte(kind.Json)
	case *migratedv1.SqlValue_Array:
		return arrayText(kind.Array)
	case *migratedv1.SqlValue_Other:
		return kind.Other.GetText()
	}
	return nil
}

var layouts = []string{"2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05", "2006-01-02", "2006-01-02 15:04"}

// moment reads a date or a timestamp, in UTC where it has no offset.
func moment(text string) driver.Value {
	plain := strings.TrimSuffix(strings.Replace(text, "T", " ", 1), "Z")
	for _, layout := range layouts {
		if found, err := time.Parse(layout, plain); err == nil {
			if _, offset := found.Zone(); offset == 0 {
				return found.UTC()
			}
			return found
		}
	}
	return text
}

// declaredMoment reads a text of SQLite, which has no such type, by what its column was declared with.
func declaredMoment(text, typeName string) driver.Value {
	switch strings.ToUpper(typeName) {
	case "DATE", "DATETIME", "TIMESTAMP":
		return moment(text)
	}
	return text
}
