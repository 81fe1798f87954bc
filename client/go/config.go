package migrated

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

const (
	configFile     = "migratectl.toml"
	variablePrefix = "MIGRATECTL_"
)

// rank says which layer a value comes from; the higher one wins.
type rank int

const (
	rankDefault rank = iota
	rankFile
	rankVariable
	rankOption
)

// value is what a layer says of a key.
type value struct {
	text string
	list []string
	rank rank
}

// config is the merged configuration: migratectl.toml < MIGRATECTL_* < options.
type config struct {
	values map[string]value
	// The folder of the file, else the working directory.
	projectDir string
	// The file that was read; empty where there is none.
	file      string
	variables map[string]string
}

func (c *config) text(key string) string { return c.values[key].text }

func (c *config) has(key string) bool {
	_, ok := c.values[key]
	return ok
}

func (c *config) set(key, text string, rank rank) { c.values[key] = value{text: text, rank: rank} }

// origin tells where a key's value comes from, in words.
func (c *config) origin(key string) string {
	switch c.values[key].rank {
	case rankFile:
		return c.file
	case rankVariable:
		return variablePrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
	case rankOption:
		return "an option"
	default:
		return "default"
	}
}

// variable returns a variable of the environment; an empty one counts as not set.
func (c *config) variable(name string) (string, bool) {
	text := c.variables[name]
	return text, text != ""
}

// project returns the project's name: as configured, else the name of its folder.
func (c *config) project() string {
	if name := c.text("project"); name != "" {
		return name
	}
	return filepath.Base(c.projectDir)
}

// secret returns a value that has a `_file` form: that of the higher layer. The second result is the file that it
// stands in, if it does.
func (c *config) secret(key string) (text, file string, err error) {
	fileKey := key + "_file"
	direct, hasDirect := c.values[key]
	path, hasPath := c.values[fileKey]
	switch {
	case hasDirect && hasPath && direct.rank == path.rank:
		return "", "", own(ReasonConfigInvalid, "`%s` and `%s` are both set in %s", key, fileKey, c.origin(key))
	case hasPath && (!hasDirect || path.rank > direct.rank):
		text, err = readSecret(path.text)
		return text, path.text, err
	}
	return direct.text, "", nil
}

func readSecret(path string) (string, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return "", fileError(path, "read", err)
	}
	return strings.TrimRight(string(bytes), "\r\n"), nil
}

func fileError(path, doing string, cause error) *Error {
	// The path stands in the message already.
	var inner *os.PathError
	said := cause
	if errors.As(cause, &inner) {
		said = inner.Err
	}
	return own(ReasonLocalFile, "cannot %s %s: %v", doing, path, said).because(cause)
}

// load reads the file and the variables.
func load(dir, named string, environment []string) (*config, error) {
	c := &config{values: map[string]value{}, variables: map[string]string{}}
	for _, entry := range environment {
		if name, text, ok := strings.Cut(entry, "="); ok {
			c.variables[name] = text
		}
	}
	if named == "" {
		named, _ = c.variable(variablePrefix + "CONFIG")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fileError(dir, "resolve", err)
	}
	c.projectDir = dir
	if c.file = absolute(dir, named); named == "" {
		c.file = findUpwards(dir)
	}
	if c.file != "" {
		c.projectDir = filepath.Dir(c.file)
		if err := c.readFile(); err != nil {
			return nil, err
		}
	}
	return c, c.readVariables(dir)
}

func findUpwards(dir string) string {
	for {
		path := filepath.Join(dir, configFile)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (c *config) readFile() error {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return fileError(c.file, "read", err)
	}
	var table map[string]any
	if err := toml.Unmarshal(text, &table); err != nil {
		return own(ReasonConfigInvalid, "%s: %v", c.file, err).because(err)
	}
	return c.readTable("", table)
}

func (c *config) readTable(prefix string, table map[string]any) error {
	for name, found := range table {
		key := prefix + name
		if inner, ok := found.(map[string]any); ok && isSection(key) {
			if err := c.readTable(key+".", inner); err != nil {
				return err
			}
			continue
		}
		kind, known := keys[key]
		if !known {
			return unknownKey(key, c.file)
		}
		read, ok := fromTOML(kind, found, c.projectDir)
		if !ok {
			return own(ReasonConfigInvalid, "%s: `%s` has a value of the wrong type", c.file, key)
		}
		c.values[key] = read
	}
	return nil
}

func isSection(name string) bool {
	for key := range keys {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func fromTOML(kind kind, found any, dir string) (value, bool) {
	v := value{rank: rankFile}
	switch found := found.(type) {
	case string:
		if kind == kindPath {
			found = absolute(dir, found)
		}
		v.text = found
		return v, kind == kindText || kind == kindPath
	case bool:
		v.text = strconv.FormatBool(found)
		return v, kind == kindSwitch
	case int64:
		v.text = strconv.FormatInt(found, 10)
		return v, kind == kindCount && found >= 0
	case []any:
		for _, item := range found {
			text, ok := item.(string)
			if !ok {
				return v, false
			}
			if kind == kindPaths {
				text = absolute(dir, text)
			}
			v.list = append(v.list, text)
		}
		return v, kind == kindPaths || kind == kindTexts
	case []map[string]any:
		return v, kind == kindTables
	}
	return v, false
}

func unknownKey(key, place string) *Error {
	e := own(ReasonConfigInvalid, "unknown key `%s` in %s", key, place)
	if near, ok := nearestKey(key); ok {
		return e.next("did you mean `%s`?", near)
	}
	return e.next("`migratectl config` lists every key")
}

// readVariables takes MIGRATECTL_*. A variable that is no key is refused where it resembles one, and else left alone:
// container platforms set variables of that prefix for their own ends.
func (c *config) readVariables(dir string) error {
	for variable, text := range c.variables {
		rest, ok := strings.CutPrefix(variable, variablePrefix)
		if !ok || rest == "CONFIG" {
			continue
		}
		key := strings.ReplaceAll(strings.ToLower(rest), "__", ".")
		kind, known := keys[key]
		if !known {
			if near, ok := nearestKey(key); ok {
				near = strings.ToUpper(strings.ReplaceAll(near, ".", "__"))
				return own(ReasonConfigInvalid, "unknown variable %s", variable).next("did you mean %s%s?", variablePrefix, near)
			}
			continue
		}
		read, cause := fromText(kind, text, dir)
		if cause != "" {
			return own(ReasonConfigInvalid, "%s: %s", variable, cause)
		}
		c.values[key] = read
	}
	return nil
}

func fromText(kind kind, text, dir string) (value, string) {
	v := value{text: text, rank: rankVariable}
	switch kind {
	case kindPath:
		v.text = absolute(dir, text)
	case kindSwitch:
		if text != "true" && text != "false" {
			return v, "`" + text + "` is not true or false"
		}
	case kindCount:
		if _, err := strconv.ParseUint(text, 10, 32); err != nil {
			return v, "`" + text + "` is not a whole number"
		}
	case kindPaths, kindTexts:
		for _, item := range strings.Split(text, ",") {
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			if kind == kindPaths {
				item = absolute(dir, item)
			}
			v.list = append(v.list, item)
		}
	case kindTables:
		return v, "can be set in migratectl.toml only"
	}
	return v, ""
}
