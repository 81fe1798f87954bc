-- revision: d3957fb2c04e
-- down_revision: b60a91e3d8f4
-- message: when notes are edited
-- created: 2026-10-05T21:14:55Z

-- migrate:up dialect:postgresql
ALTER TABLE notes ADD COLUMN edited_at TIMESTAMP WITH TIME ZONE;

-- migrate:up dialect:sqlite
ALTER TABLE notes ADD COLUMN edited_at DATETIME;

-- migrate:down
ALTER TABLE notes DROP COLUMN edited_at;
