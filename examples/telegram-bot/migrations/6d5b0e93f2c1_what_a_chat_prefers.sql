-- revision: 6d5b0e93f2c1
-- down_revision: 2a8f61c3e9d7
-- message: what a chat prefers
-- created: 2026-08-30T08:10:05Z

-- migrate:up
ALTER TABLE chats ADD COLUMN preferences jsonb NOT NULL DEFAULT '{}'::jsonb;
-- Groups have negative numbers.
UPDATE chats SET preferences = '{"language": "en"}' WHERE id < 0;

-- migrate:down
ALTER TABLE chats DROP COLUMN preferences;
