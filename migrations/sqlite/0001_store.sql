-- The revision store, first version. Later migrations only add (tables, indexes, nullable columns), so that the
-- release before can go on reading the file. Times are microseconds since 1970 UTC, hashes are 32 bytes, lists
-- and events are JSON text.

CREATE TABLE project (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

-- What was parsed from a revision file. `id` grows with arrival. `touched_at` is the last upload: it keeps a body
-- from being collected between its upload and the manifest that names it.
CREATE TABLE body (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    revision   TEXT NOT NULL,
    header     TEXT NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT;
CREATE INDEX body_revision ON body (revision);

-- The files themselves stand apart, so that reading headers never walks over them.
CREATE TABLE body_bytes (
    body  INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE manifest (
    id      INTEGER PRIMARY KEY,
    project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
    digest  BLOB NOT NULL CHECK (length(digest) = 32),
    used_at INTEGER NOT NULL,
    UNIQUE (project, digest)
) STRICT;

CREATE TABLE manifest_entry (
    manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path     TEXT NOT NULL,
    body     INTEGER NOT NULL REFERENCES body (id),
    PRIMARY KEY (manifest, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_entry_body ON manifest_entry (body);

-- Every body that a stored manifest of the project names, with the path that the last one gave it.
CREATE TABLE project_revision (
    project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
    body    INTEGER NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    path    TEXT NOT NULL,
    PRIMARY KEY (project, body)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_revision_body ON project_revision (body);

CREATE TABLE published (
    project      TEXT PRIMARY KEY REFERENCES project (name),
    version      INTEGER NOT NULL,
    manifest     INTEGER NOT NULL REFERENCES manifest (id),
    published_at INTEGER NOT NULL
) STRICT;
CREATE INDEX published_manifest ON published (manifest);

-- What stands applied on the target of that key. No references: a record outlives what it was made from.
CREATE TABLE applied (
    target_key TEXT NOT NULL,
    revision   TEXT NOT NULL,
    project    TEXT NOT NULL,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    body_hash  BLOB NOT NULL CHECK (length(body_hash) = 32),
    run        TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (target_key, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX applied_project ON applied (project, revision);

CREATE TABLE target (
    name                 TEXT PRIMARY KEY,
    connection           TEXT NOT NULL,
    database             TEXT,
    default_schema       TEXT,
    version_table        TEXT,
    version_table_schema TEXT,
    protected            INTEGER NOT NULL CHECK (protected IN (0, 1)),
    created_at           INTEGER NOT NULL,
    version              INTEGER NOT NULL
) STRICT;

-- `events_pruned` is the number of the last event that was pruned: numbering goes on behind it.
CREATE TABLE run (
    id            TEXT PRIMARY KEY,
    project       TEXT NOT NULL REFERENCES project (name),
    target        TEXT NOT NULL,
    target_key    TEXT NOT NULL,
    kind          TEXT NOT NULL,
    goal          TEXT NOT NULL,
    graph         BLOB CHECK (length(graph) = 32),
    state         TEXT NOT NULL,
    actor         TEXT NOT NULL,
    request_id    TEXT,
    owner         TEXT NOT NULL,
    rows_before   TEXT NOT NULL,
    rows_after    TEXT NOT NULL,
    steps_planned INTEGER NOT NULL,
    steps_done    INTEGER NOT NULL,
    failure       TEXT,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER,
    finished_at   INTEGER,
    version       INTEGER NOT NULL,
    events_pruned INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX run_request ON run (project, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX run_project ON run (project, id);
CREATE INDEX run_target ON run (target, id);
CREATE INDEX run_target_key ON run (target_key, id);
-- The few runs that start-up and collection look for among the many that simply ended.
CREATE INDEX run_open ON run (state) WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED');

CREATE TABLE step (
    run           TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    revision      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    body_hash     BLOB CHECK (length(body_hash) = 32),
    token_hash    BLOB CHECK (length(token_hash) = 32),
    state         TEXT NOT NULL,
    backend_pid   INTEGER,
    backend_start TEXT,
    xid           TEXT,
    started_at    INTEGER,
    finished_at   INTEGER,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- One row holds one group of events, as it was appended: a JSON array of events numbered first..last.
CREATE TABLE event (
    run       TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    last_seq  INTEGER NOT NULL,
    first_seq INTEGER NOT NULL CHECK (first_seq <= last_seq),
    events    TEXT NOT NULL,
    PRIMARY KEY (run, last_seq)
) STRICT, WITHOUT ROWID;

-- No reference: the log outlives the project.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    project TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_project ON audit (project, id);
