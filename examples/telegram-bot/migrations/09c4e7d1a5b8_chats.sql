-- revision: 09c4e7d1a5b8
-- message: chats
-- created: 2026-07-01T12:00:00Z

-- migrate:up
CREATE TABLE chats (
    id bigint PRIMARY KEY,
    title varchar(64) NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE chats;
