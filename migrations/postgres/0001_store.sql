-- The revision store, first version. Later migrations only add (tables, indexes, nullable columns), so that the
-- release before can go on working with it. Times are microseconds since 1970 UTC, hashes are 32 bytes, lists and
-- events are JSON text. Names and ids compare byte by byte, whatever the database's own collation is.

CREATE TABLE project (
    name        TEXT COLLATE "C" PRIMARY KEY,
    description TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);

-- What was parsed from a revision file. `id` grows with arrival. `touched_at` is the last upload: it keeps a body
-- from being collected between its upload and the manifest that names it.
CREATE TABLE body (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash       BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    revision   TEXT COLLATE "C" NOT NULL,
    header     TEXT NOT NULL,
    touched_at BIGINT NOT NULL
);
CREATE INDEX body_revision ON body (revision);

-- The files themselves stand apart, so that reading headers never walks over them.
CREATE TABLE body_bytes (
    body  BIGINT PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
    bytes BYTEA NOT NULL
);

CREATE TABLE manifest (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project TEXT COLLATE "C" NOT NULL REFERENCES project (name) ON DELETE CASCADE,
    digest  BYTEA NOT NULL CHECK (length(digest) = 32),
    used_at BIGINT NOT NULL,
    UNIQUE (project, digest)
);

CREATE TABLE manifest_entry (
    manifest BIGINT NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    path     TEXT NOT NULL,
    body     BIGINT NOT NULL REFERENCES body (id),
    PRIMARY KEY (manifest, position)
);
CREATE INDEX manifest_entry_body ON manifest_entry (body);

-- Every body that a stored manifest of the project names, with the path that the last one gave it.
CREATE TABLE project_revision (
    project TEXT COLLATE "C" NOT NULL REFERENCES project (name) ON DELETE CASCADE,
    body    BIGINT NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    path    TEXT NOT NULL,
    PRIMARY KEY (project, body)
);
CREATE INDEX project_revision_body ON project_revision (body);

CREATE TABLE published (
    project      TEXT COLLATE "C" PRIMARY KEY REFERENCES project (name),
    version      BIGINT NOT NULL,
    manifest     BIGINT NOT NULL REFERENCES manifest (id),
    published_at BIGINT NOT NULL
);
CREATE INDEX published_manifest ON published (manifest);

-- What stands applied on the target of that key. No references: a record outlives what it was made from.
CREATE TABLE applied (
    target_key TEXT COLLATE "C" NOT NULL,
    revision   TEXT COLLATE "C" NOT NULL,
    project    TEXT COLLATE "C" NOT NULL,
    token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
    body_hash  BYTEA NOT NULL CHECK (length(body_hash) = 32),
    run        TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (target_key, revision)
);
CREATE INDEX applied_project ON applied (project, revision);

CREATE TABLE target (
    name                 TEXT COLLATE "C" PRIMARY KEY,
    connection           TEXT NOT NULL,
    database             TEXT,
    default_schema       TEXT,
    version_table        TEXT,
    version_table_schema TEXT,
    protected            BOOLEAN NOT NULL,
    created_at           BIGINT NOT NULL,
    version              BIGINT NOT NULL
);

-- The daemons that have this store open. A row whose `lease_until` has passed, by this server's clock, is removed by
-- whoever sees it, and its runs are anybody's from then on. An id is never used again.
CREATE TABLE owner (
    id          TEXT COLLATE "C" PRIMARY KEY,
    name        TEXT NOT NULL,
    lease_until TIMESTAMPTZ NOT NULL
);

-- `events_pruned` is the number of the last event that was pruned: numbering goes on behind it. `lease` is the id of
-- the daemon that owns the run; where no row of `owner` has it, nobody does. `terms` is JSON: what another daemon has
-- to know in order to join the run or to go on with it. `lock_pid` and `lock_start` are the session in the target
-- that holds the migration lock for it.
CREATE TABLE run (
    id            TEXT COLLATE "C" PRIMARY KEY,
    project       TEXT COLLATE "C" NOT NULL REFERENCES project (name),
    target        TEXT COLLATE "C" NOT NULL,
    target_key    TEXT COLLATE "C" NOT NULL,
    kind          TEXT NOT NULL,
    goal          TEXT NOT NULL,
    graph         BYTEA CHECK (length(graph) = 32),
    state         TEXT NOT NULL,
    actor         TEXT NOT NULL,
    request_id    TEXT,
    owner         TEXT NOT NULL,
    rows_before   TEXT NOT NULL,
    rows_after    TEXT NOT NULL,
    steps_planned BIGINT NOT NULL,
    steps_done    BIGINT NOT NULL,
    failure       TEXT,
    created_at    BIGINT NOT NULL,
    started_at    BIGINT,
    finished_at   BIGINT,
    version       BIGINT NOT NULL,
    events_pruned BIGINT NOT NULL DEFAULT 0,
    lease         TEXT COLLATE "C" NOT NULL,
    terms         TEXT,
    lock_pid      BIGINT,
    lock_start    TEXT,
    cancel_actor  TEXT,
    cancel_reason TEXT
);
CREATE UNIQUE INDEX run_request ON run (project, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX run_project ON run (project, id);
CREATE INDEX run_target ON run (target, id);
CREATE INDEX run_target_key ON run (target_key, id);
-- The few runs that daemons look for all the time among the many that simply ended.
CREATE INDEX run_open ON run (state) WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED');
CREATE INDEX run_under_way ON run (target_key, id) WHERE state IN ('QUEUED', 'LOCKING', 'RUNNING');

CREATE TABLE step (
    run           TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position      BIGINT NOT NULL,
    revision      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    body_hash     BYTEA CHECK (length(body_hash) = 32),
    token_hash    BYTEA CHECK (length(token_hash) = 32),
    state         TEXT NOT NULL,
    backend_pid   BIGINT,
    backend_start TEXT,
    xid           TEXT,
    started_at    BIGINT,
    finished_at   BIGINT,
    PRIMARY KEY (run, position)
);

-- One row holds one group of events, as it was appended: a JSON array of events numbered first..last. Of two groups
-- that follow the same event only one finds its first number free.
CREATE TABLE event (
    run       TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    last_seq  BIGINT NOT NULL,
    first_seq BIGINT NOT NULL CHECK (first_seq <= last_seq),
    events    TEXT NOT NULL,
    PRIMARY KEY (run, last_seq),
    UNIQUE (run, first_seq)
);

-- No reference: the log outlives the project.
CREATE TABLE audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX audit_project ON audit (project, id);
