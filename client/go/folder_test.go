package migrated

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func paths(m *manifest) []string {
	var all []string
	for _, e := range m.entries {
		all = append(all, e.path)
	}
	return all
}

func TestTheManifestListsRevisionFilesInLoadOrder(t *testing.T) {
	folder := fstest.MapFS{}
	for _, name := range []string{
		"two/b.sql", "two/a.yaml", "one/z.sql", "one/c.yml", "one/.hidden.sql", "one/#c.sql#", "one/old.sql~", "one/README.md",
		"one/.sql", "one/inner/i.sql", "one/inner/.git/x.sql",
	} {
		folder[name] = &fstest.MapFile{Data: []byte(name)}
	}
	at := func(names ...string) []location {
		var all []location
		for _, name := range names {
			all = append(all, location{fs: folder, dir: name, name: name})
		}
		return all
	}
	for _, row := range []struct {
		locations []location
		recursive bool
		want      []string
	}{
		{at("two", "one"), false, []string{"two/a.yaml", "two/b.sql", "one/c.yml", "one/z.sql"}},
		{at("one"), true, []string{"one/c.yml", "one/inner/i.sql", "one/z.sql"}},
		{[]location{{fs: folder, dir: "one", name: "."}}, false, []string{"c.yml", "z.sql"}},
		{[]location{{fs: folder, dir: ".", name: "../shared"}}, true, []string{
			"../shared/one/c.yml", "../shared/one/inner/i.sql", "../shared/one/z.sql", "../shared/two/a.yaml", "../shared/two/b.sql",
		}},
	} {
		m, err := readManifest(row.locations, row.recursive)
		if err != nil || !slices.Equal(paths(m), row.want) {
			t.Errorf("%v %v instead of %v", paths(m), err, row.want)
		}
	}
	_, err := readManifest(at("nothing"), false)
	if !errors.Is(err, ReasonLocalFile) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestTheDigestCoversPathsAndBytes(t *testing.T) {
	digest := func(files map[string]string) [32]byte {
		folder := fstest.MapFS{}
		for name, text := range files {
			folder[name] = &fstest.MapFile{Data: []byte(text)}
		}
		m, err := readManifest([]location{{fs: folder, dir: "m", name: "m"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		return m.digest
	}
	one := sha256.Sum256([]byte("x"))
	if got := digest(map[string]string{"m/a.sql": "x"}); got != sha256.Sum256(append([]byte("m/a.sql\x00"), one[:]...)) {
		t.Errorf("%x", got)
	}
	if digest(map[string]string{"m/a.sql": "x"}) == digest(map[string]string{"m/b.sql": "x"}) ||
		digest(map[string]string{"m/a.sql": "x"}) == digest(map[string]string{"m/a.sql": "y"}) {
		t.Error("another folder has another digest")
	}
}

func TestTheConfiguredFoldersAreTheGraph(t *testing.T) {
	c, err := loaded(t, "dirs = [\"first\", \"../shared\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first/a.sql", "../shared/b.sql"} {
		path := filepath.Join(c.projectDir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := chooseGraph(c, &settings{}).read()
	if err != nil || strings.Join(paths(m), " ") != "first/a.sql ../shared/b.sql" {
		t.Fatalf("%v %v", m, err)
	}
	// Without any folder it is what was published, unless an embedded daemon would know of nothing.
	bare, err := loaded(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chooseGraph(bare, &settings{}).read(); !errors.Is(err, ReasonLocalFile) {
		t.Fatal(err)
	}
	bare.set("server", "h:1", rankOption)
	if m, err := chooseGraph(bare, &settings{}).read(); m != nil || err != nil {
		t.Fatal(m, err)
	}
}
