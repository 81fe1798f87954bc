package migrated_test

import (
	"os"
	"strings"
	"testing"
)

// What the README shows is run: it stands in the examples.
func TestTheREADMEShowsWhatTheExamplesRun(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	lines := func(text string) string {
		var all []string
		for _, line := range strings.Split(text, "\n") {
			all = append(all, strings.TrimSpace(line))
		}
		return strings.Join(all, "\n")
	}
	examples := lines(read("example_test.go") +
		read("internal/bed/shop/migrations/20261121_0712_3f2a9c1b7d4e_gross.rev.go"))
	blocks := strings.Split(read("README.md"), "```go\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("only %d blocks", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(examples, lines(code)) {
			t.Errorf("no example runs\n%s", code)
		}
	}
}
