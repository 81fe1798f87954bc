// Package migrations are revisions.
package migrations

import migrated "migrated.internal/client/go"

// Bodies are the revisions of this folder that are written in Go.
var Bodies = migrated.Bodies{}
