// Command generate writes what of the client follows from the repository: the stubs from proto/, and the reasons from
// the index of docs/errors.
//
//	go run .          writes the files
//	go run . -check   writes nothing, and fails where a file is not what it would write
//
// It is a module of its own, so that who uses the client does not depend on what generates it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// From this folder.
const (
	repository = "../../../.."
	client     = "../.."
	stubs      = "migratedv1"
	reasons    = "reasons.go"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check bool) error {
	files, err := wanted()
	if err != nil {
		return err
	}
	if check {
		return compare(files)
	}
	return write(files)
}

// wanted returns the files by their path in the client.
func wanted() (map[string][]byte, error) {
	files, err := generateStubs(filepath.Join(repository, "proto"))
	if err != nil {
		return nil, fmt.Errorf("stubs: %w", err)
	}
	index, err := os.ReadFile(filepath.Join(repository, "docs", "errors", "README.md"))
	if err != nil {
		return nil, err
	}
	files[reasons], err = generateReasons(string(index))
	if err != nil {
		return nil, fmt.Errorf("reasons: %w", err)
	}
	return files, nil
}

// present returns the paths of the generated files that are there.
func present() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(client, stubs, "*.pb.go"))
	if err != nil {
		return nil, err
	}
	for i, path := range found {
		found[i] = strings.TrimPrefix(filepath.ToSlash(path), client+"/")
	}
	return found, nil
}

func compare(files map[string][]byte) error {
	var stale []string
	for path, text := range files {
		is, err := os.ReadFile(filepath.Join(client, path))
		if err != nil || !bytes.Equal(is, text) {
			stale = append(stale, path)
		}
	}
	there, err := present()
	if err != nil {
		return err
	}
	for _, path := range there {
		if _, ok := files[path]; !ok {
			stale = append(stale, path+" (no longer generated)")
		}
	}
	if len(stale) == 0 {
		return nil
	}
	sort.Strings(stale)
	return fmt.Errorf("out of date; run client/go/generate:\n  %s", strings.Join(stale, "\n  "))
}

func write(files map[string][]byte) error {
	there, err := present()
	if err != nil {
		return err
	}
	for _, path := range there {
		if _, ok := files[path]; !ok {
			if err := os.Remove(filepath.Join(client, path)); err != nil {
				return err
			}
		}
	}
	for path, text := range files {
		full := filepath.Join(client, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
