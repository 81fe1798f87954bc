-- revision: b60a91e3d8f4
-- down_revision: 5e28d4c7f1a0
-- message: roles
-- created: 2026-09-20T07:45:12Z

-- migrate:up dialect:postgresql
CREATE TYPE role AS ENUM ('reader', 'writer', 'moderator');
ALTER TABLE users ADD COLUMN role role DEFAULT 'reader' NOT NULL;
UPDATE users SET role = 'writer' WHERE id IN (SELECT author_id FROM notes);

-- migrate:up dialect:sqlite
ALTER TABLE users ADD COLUMN role VARCHAR(9) DEFAULT 'reader' NOT NULL;
UPDATE users SET role = 'writer' WHERE id IN (SELECT author_id FROM notes);

-- migrate:down dialect:postgresql
ALTER TABLE users DROP COLUMN role;
DROP TYPE role;

-- migrate:down dialect:sqlite
ALTER TABLE users DROP COLUMN role;
