// Package shop is a service's revisions, in SQL and in Go, as the tests and the README's examples have them.
package shop

import (
	"embed"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed/shop/migrations"
)

// Folder has the files.
//
//go:embed migrations
var Folder embed.FS

// Bodies has what the files in Go do.
var Bodies migrated.Bodies = migrations.Bodies
