-- revision: f71e3c8a40d6
-- down_revision: 6d5b0e93f2c1
-- message: long titles of chats
-- created: 2026-10-12T16:00:33Z

-- migrate:up
ALTER TABLE chats ALTER COLUMN title TYPE varchar(128);

-- migrate:down
ALTER TABLE chats ALTER COLUMN title TYPE varchar(64);
