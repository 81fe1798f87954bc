-- revision: c25f97b8e304
-- down_revision: 84e0a6f2d19b
-- message: every book has a title
-- created: 2026-06-17T09:09:09Z

-- migrate:up dialect:postgresql
DELETE FROM books WHERE title IS NULL;
ALTER TABLE books ALTER COLUMN title TYPE varchar(200), ALTER COLUMN title SET NOT NULL;

-- migrate:up dialect:sqlite
-- SQLite alters no column: the table is made anew. Foreign keys are off meanwhile, and checked before COMMIT.
DELETE FROM books WHERE title IS NULL;
CREATE TABLE new_books (
    id integer NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(200) NOT NULL,
    copies integer NOT NULL DEFAULT '1'
);
INSERT INTO new_books (id, title, copies) SELECT id, title, copies FROM books;
DROP TABLE books;
ALTER TABLE new_books RENAME TO books;

-- migrate:down dialect:postgresql
ALTER TABLE books ALTER COLUMN title TYPE varchar(120), ALTER COLUMN title DROP NOT NULL;

-- migrate:down dialect:sqlite
CREATE TABLE new_books (
    id integer NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(120),
    copies integer NOT NULL DEFAULT '1'
);
INSERT INTO new_books (id, title, copies) SELECT id, title, copies FROM books;
DROP TABLE books;
ALTER TABLE new_books RENAME TO books;
