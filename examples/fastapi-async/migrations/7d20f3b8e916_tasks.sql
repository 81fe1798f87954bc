-- revision: 7d20f3b8e916
-- down_revision: 4b1e9a07c5d2
-- message: tasks
-- created: 2026-09-03T15:40:02Z

-- migrate:up dialect:postgresql
CREATE TABLE tasks (
	id SERIAL NOT NULL,
	owner_id INTEGER NOT NULL,
	title VARCHAR(200) NOT NULL,
	done BOOLEAN DEFAULT false NOT NULL,
	CONSTRAINT pk_tasks PRIMARY KEY (id),
	CONSTRAINT fk_tasks_owner_id_users FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_tasks_owner_id ON tasks (owner_id);

-- migrate:up dialect:sqlite
CREATE TABLE tasks (
	id INTEGER NOT NULL,
	owner_id INTEGER NOT NULL,
	title VARCHAR(200) NOT NULL,
	done BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_tasks PRIMARY KEY (id),
	CONSTRAINT fk_tasks_owner_id_users FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_tasks_owner_id ON tasks (owner_id);

-- migrate:down dialect:postgresql
DROP INDEX ix_tasks_owner_id;
DROP TABLE tasks;

-- migrate:down dialect:sqlite
DROP INDEX ix_tasks_owner_id;
DROP TABLE tasks;
