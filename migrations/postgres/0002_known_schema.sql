-- What an engine told of a script that was tried in a scratch database. `key` is the digest of the script and of all
-- that decides what it makes; `used_at` is when it was last asked for, by which the oldest go;
-- `digest` is that of `told`.

CREATE TABLE known_schema (
    key     BYTEA PRIMARY KEY CHECK (length(key) = 32),
    told    BYTEA NOT NULL,
    digest  BYTEA NOT NULL CHECK (length(digest) = 32),
    used_at BIGINT NOT NULL
);
CREATE INDEX known_schema_used ON known_schema (used_at);
