// Package scenarios runs the list of tests/scenarios, which every client runs, with the Go client. It is a module of its
// own, so that who uses the client does not depend on what reads the list.
package scenarios
