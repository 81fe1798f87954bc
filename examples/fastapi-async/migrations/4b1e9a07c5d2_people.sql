-- revision: 4b1e9a07c5d2
-- message: people
-- created: 2026-09-01T09:12:44Z

-- migrate:up dialect:postgresql
CREATE TABLE users (
	id SERIAL NOT NULL,
	email VARCHAR(254) NOT NULL,
	name VARCHAR(80) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id)
);

-- migrate:up dialect:sqlite
CREATE TABLE users (
	id INTEGER NOT NULL,
	email VARCHAR(254) NOT NULL,
	name VARCHAR(80) NOT NULL,
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id)
);

-- migrate:down dialect:postgresql
DROP TABLE users;

-- migrate:down dialect:sqlite
DROP TABLE users;
