-- revision: 1f7c0a9b3e62
-- message: people and their tokens
-- created: 2026-08-11T18:02:09Z

-- migrate:up dialect:postgresql
CREATE TABLE users (
	id SERIAL NOT NULL,
	handle VARCHAR(30) NOT NULL,
	joined_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_handle UNIQUE (handle)
);
CREATE TABLE refresh_tokens (
	id SERIAL NOT NULL,
	user_id INTEGER NOT NULL,
	digest VARCHAR(64) NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_refresh_tokens PRIMARY KEY (id),
	CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
	CONSTRAINT uq_refresh_tokens_digest UNIQUE (digest)
);
CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id);

-- migrate:up dialect:sqlite
CREATE TABLE users (
	id INTEGER NOT NULL,
	handle VARCHAR(30) NOT NULL,
	joined_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_handle UNIQUE (handle)
);
CREATE TABLE refresh_tokens (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	digest VARCHAR(64) NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_refresh_tokens PRIMARY KEY (id),
	CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
	CONSTRAINT uq_refresh_tokens_digest UNIQUE (digest)
);
CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id);

-- migrate:down dialect:postgresql
DROP INDEX ix_refresh_tokens_user_id;
DROP TABLE refresh_tokens;
DROP TABLE users;

-- migrate:down dialect:sqlite
DROP INDEX ix_refresh_tokens_user_id;
DROP TABLE refresh_tokens;
DROP TABLE users;
