package migrated

import (
	"crypto/sha256"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"migrated.internal/client/go/migratedv1"
)

// location is a folder that revision files are read from.
type location struct {
	fs fs.FS
	// Path in the file system.
	dir string
	// Name in the manifest: the path as the project's folder sees it.
	name string
}

// entry is a file of a manifest.
type entry struct {
	// Path in the manifest.
	path string
	sha  [sha256.Size]byte
	size int64
	// Where it is read.
	fs   fs.FS
	file string
}

// manifest tells which revision files a folder has, in load order, with their hashes.
type manifest struct {
	digest  [sha256.Size]byte
	entries []entry
}

// graph is the revision graph that requests mean.
type graph interface {
	// read returns the folder's manifest; nil for the published graph.
	read() (*manifest, error)
}

type publishedGraph struct{}

func (publishedGraph) read() (*manifest, error) { return nil, nil }

// noGraph is what is left where there is no folder, and an embedded daemon, which knows nothing but the folder.
type noGraph struct{ shown string }

func (g noGraph) read() (*manifest, error) {
	return nil, own(ReasonLocalFile, "there is no folder of revisions: %s", g.shown).state("nothing was done").
		next("give WithFolder, make the folder with `migratectl init`, or name a server")
}

type folderGraph struct {
	locations []location
	recursive bool
}

func (g folderGraph) read() (*manifest, error) { return readManifest(g.locations, g.recursive) }

// embeddedGraph is a folder that cannot change.
func embeddedGraph(g folderGraph) graph { return onceGraph{sync.OnceValues(g.read)} }

type onceGraph struct{ once func() (*manifest, error) }

func (g onceGraph) read() (*manifest, error) { return g.once() }

// chooseGraph takes the folder of the options, else that of the configuration, else the published graph.
func chooseGraph(c *config, s *settings) graph {
	recursive := s.recursive || c.text("recursive") == "true"
	if s.published {
		return publishedGraph{}
	}
	if len(s.locations) > 0 {
		g := folderGraph{s.locations, recursive}
		if _, constant := s.locations[0].fs.(embed.FS); constant {
			return embeddedGraph(g)
		}
		return g
	}
	dirs, named := c.values["dirs"].list, c.has("dirs")
	if !named {
		dirs = []string{filepath.Join(c.projectDir, "migrations")}
		if info, err := os.Stat(dirs[0]); err != nil || !info.IsDir() {
			if c.text("server") == "" {
				return noGraph{shown: dirs[0]}
			}
			return publishedGraph{}
		}
	}
	g := folderGraph{recursive: recursive}
	for _, dir := range dirs {
		name, err := filepath.Rel(c.projectDir, dir)
		if err != nil {
			name = dir
		}
		g.locations = append(g.locations, location{fs: os.DirFS(dir), dir: ".", name: filepath.ToSlash(name)})
	}
	return g
}

// readManifest lists and hashes the files. Locations come in their order; inside of one, files are sorted by path.
func readManifest(locations []location, recursive bool) (*manifest, error) {
	m := &manifest{}
	for _, at := range locations {
		dir := path.Clean(at.dir)
		found, err := walk(at.fs, dir, recursive)
		if err != nil {
			return nil, err
		}
		from := len(m.entries)
		for _, file := range found {
			inside := strings.TrimPrefix(strings.TrimPrefix(file, dir), "/")
			if dir == "." {
				inside = file
			}
			m.entries = append(m.entries, entry{path: path.Join(at.name, inside), fs: at.fs, file: file})
		}
		inside := m.entries[from:]
		sort.Slice(inside, func(i, j int) bool { return inside[i].path < inside[j].path })
	}
	all := sha256.New()
	for i := range m.entries {
		e := &m.entries[i]
		if err := e.hash(); err != nil {
			return nil, err
		}
		all.Write([]byte(e.path))
		all.Write([]byte{0})
		all.Write(e.sha[:])
	}
	all.Sum(m.digest[:0])
	return m, nil
}

func (e *entry) hash() error {
	file, err := e.fs.Open(e.file)
	if err != nil {
		return fileError(e.path, "read", err)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if e.size, err = io.Copy(hash, file); err != nil {
		return fileError(e.path, "read", err)
	}
	hash.Sum(e.sha[:0])
	return nil
}

// walk returns the revision files of a folder. Hidden files, editors' leftovers and what is no regular file are left
// out; a link to a folder is not followed, since it could lead in a circle.
func walk(from fs.FS, dir string, recursive bool) ([]string, error) {
	names, err := fs.ReadDir(from, dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, own(ReasonLocalFile, "there is no folder %s", dir).because(err).
				next("make it with `migratectl init`, or name another one")
		}
		return nil, fileError(dir, "read", err)
	}
	var found []string
	for _, item := range names {
		name := item.Name()
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") {
			continue
		}
		full := path.Join(dir, name)
		switch {
		case item.IsDir():
			if recursive {
				inner, err := walk(from, full, recursive)
				if err != nil {
					return nil, err
				}
				found = append(found, inner...)
			}
		case isRevisionFile(name):
			info, err := fs.Stat(from, full)
			if errors.Is(err, fs.ErrNotExist) {
				// Gone since the folder was read, or a link to nowhere.
				continue
			}
			if err != nil {
				return nil, fileError(full, "read", err)
			}
			if !info.Mode().IsRegular() {
				continue
			}
			if !utf8.ValidString(full) {
				return nil, own(ReasonLocalFile, "the name of %q is not UTF-8", full).next("rename the file")
			}
			found = append(found, full)
		}
	}
	return found, nil
}

// endings are what the names of revision files end with.
var endings = []string{
	".sql", ".yaml", ".yml", ".rev.py", ".rev.go", ".rev.rb", ".rev.js", ".rev.ts", ".rev.java",
}

func isRevisionFile(name string) bool {
	for _, end := range endings {
		if len(name) > len(end) && strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// reference returns the graph as requests carry it.
func (m *manifest) reference() *migratedv1.GraphRef {
	if m == nil {
		return &migratedv1.GraphRef{Graph: &migratedv1.GraphRef_Published_{Published: &migratedv1.GraphRef_Published{}}}
	}
	return &migratedv1.GraphRef{Graph: &migratedv1.GraphRef_ManifestDigest{ManifestDigest: m.digest[:]}}
}
