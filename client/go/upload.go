package migrated

import (
	"context"
	"crypto/sha256"
	"io"

	"migrated.internal/client/go/migratedv1"
)

const (
	// Bytes of bodies in one message. Below the 4 MiB that daemons and proxies take by default, with room for the rest.
	batchSize = 3<<20 - 64<<10
	// What a part costs beside its bytes: hash, path, numbers.
	partOverhead = 512
	// After so many rounds in which the daemon still lacks bodies something is wrong.
	uploadRounds = 3
)

// upload makes the manifest known to the daemon: tells its entries, sends the bodies that it lacks, tells them again.
func upload(ctx context.Context, api *API, project string, m *manifest) error {
	request := &migratedv1.NegotiateManifestRequest{Project: project, Digest: m.digest[:]}
	byHash := map[string]*entry{}
	for i := range m.entries {
		e := &m.entries[i]
		byHash[string(e.sha[:])] = e
		request.Entries = append(request.Entries, &migratedv1.ManifestEntry{Path: e.path, Sha256: e.sha[:]})
	}
	for range uploadRounds {
		answer, err := api.Revisions.NegotiateManifest(ctx, request)
		if err != nil {
			return err
		}
		if len(answer.GetMissing()) == 0 {
			return nil
		}
		batch := batch{ctx: ctx, api: api, project: project}
		for _, hash := range answer.GetMissing() {
			e, ok := byHash[string(hash)]
			if !ok {
				return own(ReasonInternal, "the daemon asks for a file that nobody named").told()
			}
			if err := batch.add(e); err != nil {
				return err
			}
		}
		if err := batch.flush(); err != nil {
			return err
		}
	}
	return own(ReasonInternal, "the daemon still lacks files that were uploaded").told()
}

// batch gathers parts until a message is full.
type batch struct {
	ctx     context.Context
	api     *API
	project string
	parts   []*migratedv1.BodyPart
	bytes   int
}

func (b *batch) add(e *entry) error {
	file, err := e.fs.Open(e.file)
	if err != nil {
		return fileError(e.path, "read", err)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	for offset := int64(0); ; {
		room := max(int64(batchSize-b.bytes-partOverhead), 0)
		data := make([]byte, min(room, e.size-offset))
		if _, err := io.ReadFull(file, data); err == io.EOF || err == io.ErrUnexpectedEOF {
			return changedFile(e)
		} else if err != nil {
			return fileError(e.path, "read", err)
		}
		hash.Write(data)
		if len(data) > 0 || e.size == 0 {
			b.bytes += len(data) + partOverhead
			b.parts = append(b.parts, &migratedv1.BodyPart{
				Sha256: e.sha[:], Path: e.path, Size: uint64(e.size), Offset: uint64(offset), Data: data,
			})
			offset += int64(len(data))
		}
		if offset == e.size {
			break
		}
		if err := b.flush(); err != nil {
			return err
		}
	}
	if [sha256.Size]byte(hash.Sum(nil)) != e.sha {
		return changedFile(e)
	}
	return nil
}

func (b *batch) flush() error {
	if len(b.parts) == 0 {
		return nil
	}
	request := &migratedv1.UploadBodiesRequest{Project: b.project, Parts: b.parts}
	b.parts, b.bytes = nil, 0
	_, err := b.api.Revisions.UploadBodies(b.ctx, request)
	return err
}

func changedFile(e *entry) error {
	return own(ReasonLocalFile, "%s changed while it was uploaded", e.path).state("nothing was done").next("try again")
}
