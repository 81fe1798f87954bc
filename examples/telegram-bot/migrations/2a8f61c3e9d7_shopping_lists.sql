-- revision: 2a8f61c3e9d7
-- down_revision: 09c4e7d1a5b8
-- message: shopping lists
-- created: 2026-07-03T19:22:41Z

-- migrate:up
CREATE TABLE items (
    id bigserial PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    name varchar(200) NOT NULL,
    bought_at timestamptz
);
CREATE INDEX items_open ON items (chat_id) WHERE bought_at IS NULL;

-- migrate:down
DROP TABLE items;
