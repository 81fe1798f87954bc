package migrated

import (
	"path/filepath"
	"strings"

	"migrated.internal/client/go/migratedv1"
)

// Target is the database that a client's calls are about.
type Target struct {
	name string
	url  string
	// Schema is the default schema of a target without a name.
	Schema string
	// VersionTable is the version table of a target without a name; empty for alembic_version.
	VersionTable string
	// VersionTableSchema is the schema of that table, where it is not the default one.
	VersionTableSchema string
}

// NamedTarget is a target that the daemon knows by a name: its password never leaves the daemon.
func NamedTarget(name string) Target { return Target{name: name} }

// DatabaseURL is a target without a name. A shared daemon refuses it (AD_HOC_URL_REFUSED) unless it is configured to
// take URLs; an embedded one takes them.
func DatabaseURL(url string) Target { return Target{url: url} }

func (t Target) reference(projectDir string) *migratedv1.TargetRef {
	if t.name != "" {
		return &migratedv1.TargetRef{Target: &migratedv1.TargetRef_Name{Name: t.name}}
	}
	return &migratedv1.TargetRef{Target: &migratedv1.TargetRef_AdHoc{AdHoc: &migratedv1.AdHocTarget{
		Url:                urlForDaemon(t.url, projectDir),
		Schema:             t.Schema,
		VersionTable:       t.VersionTable,
		VersionTableSchema: t.VersionTableSchema,
	}}}
}

// target returns the configured target, nil where there is none. An option wins over variables, those over the file;
// DATABASE_URL, which other programs set too, wins only over the file's `database_url`.
func (c *config) target() (*Target, error) {
	name, named := c.values["target"]
	urlRank, hasURL := rankDefault, false
	for _, key := range []string{"database_url", "database_url_file"} {
		if v, ok := c.values[key]; ok {
			urlRank, hasURL = max(urlRank, v.rank), true
		}
	}
	generic, hasGeneric := c.variable("DATABASE_URL")
	switch {
	case named && hasURL && name.rank == urlRank:
		return nil, own(ReasonConfigInvalid, "both a target and a database URL are set (%s)", c.origin("target")).
			next("set one of them: a target's name, or a database URL")
	case named && (!hasURL || name.rank > urlRank):
		return &Target{name: name.text}, nil
	case hasURL && (urlRank > rankFile || !hasGeneric):
		return c.configuredURL()
	case hasGeneric:
		return c.unnamed(generic), nil
	}
	return nil, nil
}

func (c *config) configuredURL() (*Target, error) {
	url, file, err := c.secret("database_url")
	if err != nil {
		return nil, err
	}
	if file == "" && c.values["database_url"].rank == rankFile {
		if url, err = c.expand(url); err != nil {
			return nil, err
		}
	}
	return c.unnamed(url), nil
}

func (c *config) unnamed(url string) *Target {
	return &Target{
		url:                url,
		Schema:             c.text("database_schema"),
		VersionTable:       c.text("version_table"),
		VersionTableSchema: c.text("version_table_schema"),
	}
}

// expand replaces ${VAR} by the variable's value.
func (c *config) expand(text string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, tail, closed := strings.Cut(rest, "}")
		if !closed {
			return "", own(ReasonConfigInvalid, "`database_url` has a `${` without its `}`")
		}
		value, set := c.variable(name)
		if !set {
			return "", own(ReasonConfigInvalid, "`database_url` names the variable %s, which is not set", name)
		}
		out.WriteString(value)
		text = tail
	}
}

// urlForDaemon makes of SQLAlchemy's sqlite:///relative.db (three slashes) what a daemon understands, whose working
// directory is another: sqlite:////absolute/relative.db.
func urlForDaemon(url, projectDir string) string {
	scheme, rest, found := strings.Cut(url, "://")
	if !found || (scheme != "sqlite" && !strings.HasPrefix(scheme, "sqlite+")) {
		return url
	}
	path, found := strings.CutPrefix(rest, "/")
	if !found {
		return url
	}
	file, query, hasQuery := strings.Cut(path, "?")
	if file == "" || file[0] == '/' || file[0] == ':' || strings.HasPrefix(file, "file:") {
		return url
	}
	url = scheme + ":///" + filepath.ToSlash(filepath.Join(projectDir, file))
	if hasQuery {
		url += "?" + query
	}
	return url
}
