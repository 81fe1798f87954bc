package migrated

import (
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"migrated.internal/client/go/migratedv1"
)

// Array lets a slice be scanned from an array of PostgreSQL:
//
//	var ids []int64
//	err := rows.Scan(migrated.Array(&ids))
//
// Elements that may be NULL are pointers or sql.Null; slices of slices are several dimensions. As a parameter a slice
// needs no Array. Without Array an array is scanned as its text, `{1,2,NULL}`.
func Array[T any](slice *[]T) sql.Scanner { return arrayed{reflect.ValueOf(slice).Elem()} }

type arrayed struct{ slice reflect.Value }

func (a arrayed) encode(dialect string) (*migratedv1.SqlValue, error) {
	return encodeValue(a.slice.Interface(), dialect)
}

// Scan is of sql.Scanner.
func (a arrayed) Scan(source any) error {
	switch source := source.(type) {
	case nil:
		a.slice.SetZero()
		return nil
	case string:
		return readArray(source, a.slice)
	case []byte:
		return readArray(string(source), a.slice)
	}
	return fmt.Errorf("migrated: a %T is no array", source)
}

// arrayText writes an array as PostgreSQL does (its manual, "Array Input and Output Syntax").
func arrayText(array *migratedv1.SqlArray) string {
	var out strings.Builder
	if bounds := array.GetLowerBounds(); len(bounds) > 0 {
		level := array
		for _, lower := range bounds {
			fmt.Fprintf(&out, "[%d:%d]", lower, int(lower)+len(level.GetElements())-1)
			if len(level.GetElements()) > 0 {
				level = level.GetElements()[0].GetArray()
			}
		}
		out.WriteByte('=')
	}
	writeArray(&out, array)
	return out.String()
}

func writeArray(out *strings.Builder, array *migratedv1.SqlArray) {
	out.WriteByte('{')
	for i, element := range array.GetElements() {
		if i > 0 {
			out.WriteByte(',')
		}
		switch kind := element.GetKind().(type) {
		case nil:
			out.WriteString("NULL")
		case *migratedv1.SqlValue_Array:
			writeArray(out, kind.Array)
		case *migratedv1.SqlValue_Boolean:
			out.WriteString(strconv.FormatBool(kind.Boolean)[:1])
		case *migratedv1.SqlValue_Integer:
			out.WriteString(strconv.FormatInt(kind.Integer, 10))
		case *migratedv1.SqlValue_Real:
			out.WriteString(realText(kind.Real))
		case *migratedv1.SqlValue_Bytes:
			out.WriteString(`"\\x` + hex.EncodeToString(kind.Bytes) + `"`)
		default:
			writeQuoted(out, elementText(element))
		}
	}
	out.WriteByte('}')
}

func realText(real float64) string {
	text := strconv.FormatFloat(real, 'g', -1, 64)
	return strings.Replace(strings.TrimPrefix(text, "+"), "Inf", "Infinity", 1)
}

// elementText returns the text of a value that travels as text.
func elementText(value *migratedv1.SqlValue) string {
	switch kind := value.GetKind().(type) {
	case *migratedv1.SqlValue_Unsigned:
		return strconv.FormatUint(kind.Unsigned, 10)
	case *migratedv1.SqlValue_Decimal:
		return kind.Decimal
	case *migratedv1.SqlValue_Text:
		return kind.Text
	case *migratedv1.SqlValue_Date:
		return kind.Date
	case *migratedv1.SqlValue_Time:
		return kind.Time
	case *migratedv1.SqlValue_Timestamp:
		return kind.Timestamp
	case *migratedv1.SqlValue_Timestamptz:
		return kind.Timestamptz
	case *migratedv1.SqlValue_Interval:
		return kind.Interval
	case *migratedv1.SqlValue_Uuid:
		return kind.Uuid
	case *migratedv1.SqlValue_Json:
		return kind.Json
	case *migratedv1.SqlValue_Other:
		return kind.Other.GetText()
	}
	return ""
}

func writeQuoted(out *strings.Builder, text string) {
	if text != "" && !strings.EqualFold(text, "NULL") && !strings.ContainsAny(text, "{}\",\\ \t\r\n\v\f") {
		out.WriteString(text)
		return
	}
	out.WriteByte('"')
	for _, c := range []byte(text) {
		if c == '"' || c == '\\' {
			out.WriteByte('\\')
		}
		out.WriteByte(c)
	}
	out.WriteByte('"')
}

var errArrayText = errors.New("migrated: this is no text of an array")

// readArray reads an array's text into a slice.
func readArray(text string, into reflect.Value) error {
	if strings.HasPrefix(text, "[") {
		_, after, found := strings.Cut(text, "=")
		if !found {
			return errArrayText
		}
		text = after
	}
	rest, err := readLevel(text, into)
	if err == nil && rest != "" {
		return errArrayText
	}
	return err
}

func readLevel(text string, into reflect.Value) (rest string, err error) {
	if !strings.HasPrefix(text, "{") {
		return "", errArrayText
	}
	found := reflect.MakeSlice(into.Type(), 0, 0)
	for text = text[1:]; !strings.HasPrefix(text, "}"); {
		element := reflect.New(into.Type().Elem()).Elem()
		if strings.HasPrefix(text, "{") {
			if element.Kind() != reflect.Slice {
				return "", fmt.Errorf("migrated: the array has more dimensions than a %s", into.Type())
			}
			text, err = readLevel(text, element)
		} else {
			var value string
			var null bool
			if value, null, text, err = readElement(text); err == nil {
				err = setElement(element, value, null)
			}
		}
		if err != nil {
			return "", err
		}
		found = reflect.Append(found, element)
		if strings.HasPrefix(text, ",") {
			text = text[1:]
		} else if !strings.HasPrefix(text, "}") {
			return "", errArrayText
		}
	}
	into.Set(found)
	return text[1:], nil
}

func readElement(text string) (value string, null bool, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",}")
		if end <= 0 {
			return "", false, "", errArrayText
		}
		return text[:end], strings.EqualFold(text[:end], "NULL"), text[end:], nil
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return out.String(), false, text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", false, "", errArrayText
			}
		}
		out.WriteByte(text[i])
	}
	return "", false, "", errArrayText
}

func setElement(into reflect.Value, text string, null bool) (err error) {
	if scanner, ok := into.Addr().Interface().(sql.Scanner); ok {
		if null {
			return scanner.Scan(nil)
		}
		return scanner.Scan(text)
	}
	if into.Kind() == reflect.Pointer {
		if null {
			return nil
		}
		into.Set(reflect.New(into.Type().Elem()))
		return setElement(into.Elem(), text, false)
	}
	if null {
		return fmt.Errorf("migrated: an element is NULL, which a %s cannot be; scan into []*%s", into.Type(), into.Type())
	}
	if into.Type() == timeType {
		found, ok := moment(text).(time.Time)
		if !ok {
			return fmt.Errorf("migrated: the element %q is no time", text)
		}
		into.Set(reflect.ValueOf(found))
		return nil
	}
	bits := 64
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		var found bool
		found, err = strconv.ParseBool(text)
		into.SetBool(found)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits = into.Type().Bits()
		var found int64
		found, err = strconv.ParseInt(text, 10, bits)
		into.SetInt(found)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		bits = into.Type().Bits()
		var found uint64
		found, err = strconv.ParseUint(text, 10, bits)
		into.SetUint(found)
	case reflect.Float32, reflect.Float64:
		var found float64
		found, err = strconv.ParseFloat(text, into.Type().Bits())
		into.SetFloat(found)
	case reflect.Slice:
		if into.Type().Elem().Kind() != reflect.Uint8 {
			return fmt.Errorf("migrated: the array has fewer dimensions than a %s", into.Type())
		}
		if !strings.HasPrefix(text, `\x`) {
			into.SetBytes([]byte(text))
			return nil
		}
		var found []byte
		found, err = hex.DecodeString(text[2:])
		into.SetBytes(found)
	default:
		return fmt.Errorf("migrated: an element cannot be scanned into a %s", into.Type())
	}
	return err
}
