package migrated

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"migrated.internal/client/go/migratedv1"
)

func TestEveryFormOfAddressIsRead(t *testing.T) {
	for _, row := range []struct {
		text string
		tls  bool
		dial string
		safe bool
		here bool
	}{
		{"http://h:1", false, "dns:///h:1", false, false},
		{"https://h", false, "dns:///h:443", true, false},
		{"http://h/", false, "dns:///h:80", false, false},
		{"h:1", false, "dns:///h:1", false, false},
		{"h:1", true, "dns:///h:1", true, false},
		{"[::1]:9", false, "dns:///[::1]:9", false, true},
		{"localhost:9", false, "dns:///localhost:9", false, true},
		{"unix:/a/b", false, "unix:/a/b", false, true},
		{"unix:///a/b", true, "unix:/a/b", false, true},
	} {
		a, err := parseAddress(row.text, row.tls)
		if err != nil || a.dial() != row.dial || a.secure != row.safe || a.staysHere() != row.here {
			t.Errorf("%s: %+v %v", row.text, a, err)
		}
	}
	for _, text := range []string{"", "h", "unix:", "ftp://h:1", "http://", "a b:1", "http://h:1/path", "http://me@h:1"} {
		if a, err := parseAddress(text, false); err == nil {
			t.Errorf("%q is no address, but %+v", text, a)
		}
	}
}

// loaded loads a configuration with this file, where the text is not empty, and these variables.
func loaded(t *testing.T, file string, variables ...string) (*config, error) {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, configFile), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inner := filepath.Join(dir, "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	return load(inner, "", variables)
}

func TestTheFileIsFoundAboveAndVariablesWinOverIt(t *testing.T) {
	c, err := loaded(t, "server = \"http://file:1\"\nproject = \"shop\"\ndirs = [\"a\", \"/b\"]\nrecursive = true\n"+
		"[tls]\nca_file = \"ca.pem\"\n[lint]\nignore = [\"L001\"]\n[revision]\nformat = \"yaml\"\n[[revision.post_write]]\ncommand = [\"x\"]\n",
		"MIGRATECTL_SERVER=http://variable:1", "MIGRATECTL_EMBEDDED__IDLE=5m", "MIGRATECTL_SERVICE_HOST=10.0.0.1",
		"MIGRATECTL_TOKEN_FILE=secret")
	if err != nil {
		t.Fatal(err)
	}
	if c.text("server") != "http://variable:1" || c.project() != "shop" || c.text("embedded.idle") != "5m" ||
		c.text("recursive") != "true" || !slices.Equal(c.values["lint.ignore"].list, []string{"L001"}) {
		t.Fatalf("%+v", c.values)
	}
	if !slices.Equal(c.values["dirs"].list, []string{filepath.Join(c.projectDir, "a"), "/b"}) ||
		c.text("tls.ca_file") != filepath.Join(c.projectDir, "ca.pem") ||
		c.text("token_file") != filepath.Join(c.projectDir, "inner", "secret") {
		t.Fatalf("paths belong to the folder of what names them: %+v", c.values)
	}
	bare, err := loaded(t, "")
	if err != nil || bare.project() != "inner" || bare.file != "" {
		t.Fatalf("%+v %v", bare, err)
	}
}

func TestWhatCannotBeUsedIsRefusedWithTheNearestKey(t *testing.T) {
	for _, row := range []struct{ file, variable, message, next string }{
		{"servr = \"x\"\n", "", "unknown key `servr`", "did you mean `server`?"},
		{"[tls]\nca = \"x\"\n", "", "unknown key `tls.ca`", ""},
		{"[nonsense]\na = 1\n", "", "unknown key `nonsense`", ""},
		{"recursive = \"yes\"\n", "", "`recursive` has a value of the wrong type", ""},
		{"dirs = \"a\"\n", "", "`dirs` has a value of the wrong type", ""},
		{"server = ", "", configFile, ""},
		{"", "MIGRATECTL_SERVRE=x", "unknown variable MIGRATECTL_SERVRE", "did you mean MIGRATECTL_SERVER?"},
		{"", "MIGRATECTL_RECURSIVE=yes", "`yes` is not true or false", ""},
		{"", "MIGRATECTL_REVISION__POST_WRITE=x", "migratectl.toml only", ""},
	} {
		_, err := loaded(t, row.file, row.variable)
		e, ok := err.(*Error)
		if !ok || e.Reason != ReasonConfigInvalid || e.Code != "MG7002" || e.ExitCode() != 2 ||
			!strings.Contains(e.Message, row.message) || !strings.Contains(e.Next, row.next) {
			t.Errorf("%q %q: %v", row.file, row.variable, err)
		}
	}
}

func TestWhichTargetIsMeant(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "url")
	if err := os.WriteFile(file, []byte("postgresql://secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, file string
		variables  []string
		want       string
	}{
		{"none", "", nil, ""},
		{"file", "target = \"main\"\n", nil, "main"},
		{"file wins over DATABASE_URL with its name", "target = \"main\"\n", []string{"DATABASE_URL=sqlite:///a.db"}, "main"},
		{"variable wins over file", "target = \"main\"\n", []string{"MIGRATECTL_DATABASE_URL=u:1"}, "u:1"},
		{"DATABASE_URL wins over the file's URL", "database_url = \"u:1\"\n", []string{"DATABASE_URL=u:2"}, "u:2"},
		{"the file's URL", "database_url = \"u:${PART}\"\n", []string{"PART=3"}, "u:3"},
		{"a variable is not expanded", "", []string{"MIGRATECTL_DATABASE_URL=u:${PART}"}, "u:${PART}"},
		{"a URL in a file", "database_url_file = \"" + file + "\"\n", nil, "postgresql://secret"},
		{"an empty variable is none", "", []string{"DATABASE_URL="}, ""},
	} {
		c, err := loaded(t, row.file, row.variables...)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		target, err := c.target()
		got := ""
		if target != nil {
			got = target.name + target.url
		}
		if err != nil || got != row.want {
			t.Errorf("%s: %q %v", row.name, got, err)
		}
	}
	for _, text := range []string{
		"target = \"main\"\ndatabase_url = \"u:1\"\n",
		"database_url = \"u:1\"\ndatabase_url_file = \"f\"\n",
		"database_url = \"u:${UNSET}\"\n",
		"database_url = \"u:${OPEN\"\n",
	} {
		c, err := loaded(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if target, err := c.target(); err == nil {
			t.Errorf("%q means %+v", text, target)
		}
	}
}

func TestARelativeSQLiteFileBelongsToTheProject(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:///app.db":                 "sqlite:////home/me/app.db",
		"sqlite+aiosqlite:///./a/b.db?x=1": "sqlite+aiosqlite:////home/me/a/b.db?x=1",
		"sqlite:////var/app.db":            "sqlite:////var/app.db",
		"sqlite://":                        "sqlite://",
		"sqlite:///:memory:":               "sqlite:///:memory:",
		"sqlite:///file:a?mode=ro":         "sqlite:///file:a?mode=ro",
		"postgresql:///app":                "postgresql:///app",
	} {
		if got := urlForDaemon(url, "/home/me"); got != want {
			t.Errorf("%s became %s, not %s", url, got, want)
		}
	}
}

func TestTheActorIsTheCIJobWhereThereIsOne(t *testing.T) {
	for _, row := range []struct {
		want      string
		variables []string
	}{
		{"me", []string{"MIGRATECTL_ACTOR=me", "GITHUB_REPOSITORY=a/b", "GITHUB_REF=main"}},
		{"gha:a/b@main", []string{"GITHUB_REPOSITORY=a/b", "GITHUB_REF=main"}},
		{"gitlab:a/b@main", []string{"CI_PROJECT_PATH=a/b", "CI_COMMIT_REF_NAME=main"}},
		{"teamcity:a#7", []string{"TEAMCITY_PROJECT_NAME=a", "BUILD_NUMBER=7"}},
	} {
		c, err := loaded(t, "", row.variables...)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.actor(); got != row.want {
			t.Errorf("%q, not %q", got, row.want)
		}
	}
	c, err := loaded(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.actor(); !regexp.MustCompile(`^[^@]+@[^@]+$`).MatchString(got) {
		t.Errorf("%q", got)
	}
}

// What two packages repeat must be the same in both.
func TestWhatIsRepeatedHereIsTheSameThere(t *testing.T) {
	root := "../.."
	read := func(path string) string {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if !strings.Contains(read("Cargo.toml"), "\nversion = \""+Version+"\"\n") {
		t.Errorf("the workspace is of another release than %s", Version)
	}
	walk := read("client/rust/src/manifest/walk.rs")
	ends := map[string]bool{}
	for _, quoted := range regexp.MustCompile(`"(\.[a-z.]+)"`).FindAllStringSubmatch(walk, -1) {
		ends[quoted[1]] = true
	}
	for _, end := range endings {
		if !ends[end] {
			t.Errorf("migratectl does not take %s for a revision file", end)
		}
		delete(ends, end)
	}
	if len(ends) > 0 {
		t.Errorf("migratectl takes more for revision files than folder.go: %v", ends)
	}
	found := regexp.MustCompile(`(?:key|secret)\("([a-z_.]+)"`).FindAllStringSubmatch(read("client/rust/src/config/keys.rs"), -1)
	if len(found) != len(keys) {
		t.Errorf("migratectl has %d keys, this client %d", len(found), len(keys))
	}
	for _, key := range found {
		if _, ok := keys[key[1]]; !ok {
			t.Errorf("migratectl's key %s is not known here", key[1])
		}
	}
}

func TestTheExitCodesAreMigratectls(t *testing.T) {
	for reason, code := range map[Reason]int{
		ReasonUnknownRevision: 1, ReasonLockWaitExpired: 6, ReasonDeadlinePassed: 7, ReasonUnauthenticated: 8,
		ReasonAdHocURLRefused: 8, ReasonDaemonUnreachable: 9, ReasonStreamLost: 9, ReasonEmbeddedStart: 9,
		ReasonChangedRevision: 12, ReasonTargetPartial: 5, ReasonConfigInvalid: 2, "SOMETHING_NEW": 1,
	} {
		if got := (&Error{Reason: reason}).ExitCode(); got != code {
			t.Errorf("%s ends with %d, not %d", string(reason), got, code)
		}
	}
	for _, row := range []struct {
		state   int32
		reason  Reason
		applied int
		code    int
	}{
		{5, "FAILED", 0, 4}, {5, ReasonStatementFailed, 0, 4}, {5, ReasonLockWaitExpired, 0, 6},
		{5, ReasonUnknownRevision, 0, 1}, {5, ReasonUnknownRevision, 1, 4}, {5, ReasonRunInterrupted, 0, 4},
		{6, ReasonStatementFailed, 0, 5}, {7, ReasonDeadlinePassed, 0, 7}, {7, ReasonCancelled, 0, 4}, {8, "", 0, 5},
	} {
		e := fromRun("r", migratedv1.RunState(row.state), nil, row.applied)
		e.Reason = row.reason
		if got := e.ExitCode(); got != row.code {
			t.Errorf("state %d %s ends with %d, not %d", row.state, string(row.reason), got, row.code)
		}
	}
}
