package migrated_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// Bodies of all sizes around that of a message, one of them larger than any message may be.
func TestBodiesOfEverySizeArrive(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	folder := bed.Chain(1)
	parent := "r001"
	for i, size := range []int{0, 1, 3<<20 - 64<<10, 3<<20 - 1<<10, 4<<20 + 7, 9 << 20} {
		id := fmt.Sprintf("big%d", i)
		text := bed.Revision(id, parent, "SELECT 1;", "SELECT 1;") + "-- " + strings.Repeat("x", size) + "\n"
		bed.Put(folder, id, text)
		parent = id
	}
	client := connect(t, daemon.Address, folder, bed.SQLite(t))
	if outcome := upgraded(t, client, "head"); outcome.Applied != 7 {
		t.Fatalf("%+v", outcome)
	}
	shown, err := client.Show(context.Background(), "big4")
	if err != nil || shown.GetFiles()[0].GetContent() != string(folder["migrations/big4.sql"].Data) {
		t.Fatalf("what was sent is not what is there: %v", err)
	}
}

// turning is a file system whose file has other bytes once it was read.
type turning struct {
	fstest.MapFS
	file  *fstest.MapFile
	other []byte
	reads int
}

func (f *turning) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".sql") {
		if f.reads++; f.reads == 2 {
			f.file.Data = f.other
		}
	}
	return f.MapFS.Open(name)
}

func TestAFileThatChangesWhileItIsSentIsRefused(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	folder := bed.Chain(1)
	file := folder["migrations/r001.sql"]
	other := bytes.Replace(file.Data, []byte("t1"), []byte("t2"), 1)
	client := connect(t, daemon.Address, &turning{MapFS: folder, file: file, other: other}, bed.SQLite(t))
	_, err := client.Heads(context.Background())
	failure(t, err, migrated.ReasonLocalFile)
}
