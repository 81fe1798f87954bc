package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"gopkg.in/yaml.v3"
)

const folder = "../../../tests/scenarios"

// scenario is one of the list; its form is told in tests/scenarios/README.md.
type scenario struct {
	Name    string
	Engines []string
	Daemon  string
	Files   map[string]string
	Bodies  map[string]body
	Steps   []step
}

// body is a revision that the client executes.
type body struct {
	DownRevision string `yaml:"down_revision"`
	Up           []does
	Down         []does
}

// does is what a body does: a statement with what comes of it, or its end.
type does struct {
	SQL        string
	Parameters []any
	Count      *int64
	Rows       [][]any
	Fails      bool
	Raise      string
}

type step struct {
	Call   string
	With   map[string]any
	Events []any
	Result any
	Error  any
	Write  map[string]string
	Remove []string
}

func readList(t *testing.T) []scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no list in %s: %v", folder, err)
	}
	var all []scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			About     string
			Scenarios []scenario
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		// A word that this runner does not know would be a part of the list that it does not run.
		decoder.KnownFields(true)
		if err := decoder.Decode(&list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, list.Scenarios...)
	}
	return all
}

// told writes a message in protobuf's JSON form, with the fields that are not set.
func told(t *testing.T, message proto.Message) any {
	t.Helper()
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, text)
}

// plain makes of what YAML or Go hold what JSON would.
func plain(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, text)
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// holds tells where what was found is not what was expected; nothing where it is.
func holds(expected, found any, at string) string {
	switch expected := expected.(type) {
	case map[string]any:
		if text, ok := expected["$has"]; ok {
			return has(text, found, at)
		}
		fields, ok := found.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, which has no fields", at, found)
		}
		for name, value := range expected {
			inner, ok := fields[name]
			if !ok {
				return fmt.Sprintf("%s.%s is missing in %v", at, name, found)
			}
			if wrong := holds(value, inner, at+"."+name); wrong != "" {
				return wrong
			}
		}
		return ""
	case []any:
		items, ok := found.([]any)
		if !ok || len(items) != len(expected) {
			return fmt.Sprintf("%s is %v, not %v", at, found, expected)
		}
		for i, value := range expected {
			if wrong := holds(value, items[i], fmt.Sprintf("%s[%d]", at, i)); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	if expected != found {
		return fmt.Sprintf("%s is %v (%T), not %v (%T)", at, found, found, expected, expected)
	}
	return ""
}

func has(text, found any, at string) string {
	switch found := found.(type) {
	case string:
		if part, ok := text.(string); ok && strings.Contains(found, part) {
			return ""
		}
	case []any:
		for _, item := range found {
			if item == text {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s is %v, without %v", at, found, text)
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, scenario := range readList(t) {
		if seen[scenario.Name] {
			t.Errorf("%s is there twice", scenario.Name)
		}
		seen[scenario.Name] = true
	}
}

func TestWhatDoesNotHoldIsTold(t *testing.T) {
	for _, row := range []struct {
		expected, found string
		right           bool
	}{
		{`{"a": 1}`, `{"a": 1, "b": 2}`, true},
		{`{"a": 1}`, `{"a": 2}`, false},
		{`{"a": 1}`, `{}`, false},
		{`["x"]`, `["x"]`, true},
		{`["x"]`, `["x", "y"]`, false},
		{`[]`, `{}`, false},
		{`{"$has": "b"}`, `"abc"`, true},
		{`{"$has": "d"}`, `"abc"`, false},
		{`{"$has": "d"}`, `["d"]`, true},
		{`1`, `"1"`, false},
	} {
		wrong := holds(decoded(t, []byte(row.expected)), decoded(t, []byte(row.found)), "it")
		if (wrong == "") != row.right {
			t.Errorf("%s against %s: %q", row.expected, row.found, wrong)
		}
	}
}
