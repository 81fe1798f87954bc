-- revision: 5e28d4c7f1a0
-- down_revision: 1f7c0a9b3e62
-- message: notes
-- created: 2026-08-12T10:30:00Z

-- migrate:up dialect:postgresql
CREATE TYPE visibility AS ENUM ('private', 'public');
CREATE TABLE notes (
	id SERIAL NOT NULL,
	author_id INTEGER NOT NULL,
	text TEXT NOT NULL,
	visibility visibility DEFAULT 'private' NOT NULL,
	written_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
	CONSTRAINT pk_notes PRIMARY KEY (id),
	CONSTRAINT fk_notes_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_notes_author_id ON notes (author_id);

-- migrate:up dialect:sqlite
CREATE TABLE notes (
	id INTEGER NOT NULL,
	author_id INTEGER NOT NULL,
	text TEXT NOT NULL,
	visibility VARCHAR(7) DEFAULT 'private' NOT NULL,
	written_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
	CONSTRAINT pk_notes PRIMARY KEY (id),
	CONSTRAINT fk_notes_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_notes_author_id ON notes (author_id);

-- migrate:down dialect:postgresql
DROP INDEX ix_notes_author_id;
DROP TABLE notes;
DROP TYPE visibility;

-- migrate:down dialect:sqlite
DROP INDEX ix_notes_author_id;
DROP TABLE notes;
