-- revision: a6f20b83c5d7
-- down_revision: 4d1c7a90be21
-- message: when a note was made

-- migrate:up
ALTER TABLE notes ADD COLUMN created timestamptz NOT NULL DEFAULT now();

-- migrate:down
ALTER TABLE notes DROP COLUMN created;
