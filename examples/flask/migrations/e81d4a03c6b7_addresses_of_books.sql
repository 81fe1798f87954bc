-- revision: e81d4a03c6b7
-- down_revision: c25f97b8e304
-- message: addresses of books
-- created: 2026-09-28T13:37:00Z

-- What the Alembic script does in Python, row by row, is one statement here.

-- migrate:up dialect:postgresql
ALTER TABLE books ADD COLUMN slug varchar(200);
UPDATE books SET slug = trim(regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g'), '-');
ALTER TABLE books ALTER COLUMN slug SET NOT NULL, ADD CONSTRAINT uq_books_slug UNIQUE (slug);

-- migrate:up dialect:sqlite
-- SQLite has no regular expressions: each mark is named, those beside a space first.
CREATE TABLE new_books (
    id integer NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(200) NOT NULL,
    copies integer NOT NULL DEFAULT '1',
    slug varchar(200) NOT NULL CONSTRAINT uq_books_slug UNIQUE
);
INSERT INTO new_books (id, title, copies, slug)
SELECT id, title, copies,
    lower(replace(replace(replace(replace(title, '% ', '-'), ': ', '-'), ' ', '-'), '''', '-'))
FROM books;
DROP TABLE books;
ALTER TABLE new_books RENAME TO books;

-- migrate:down dialect:postgresql
ALTER TABLE books DROP COLUMN slug;

-- migrate:down dialect:sqlite
CREATE TABLE new_books (
    id integer NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(200) NOT NULL,
    copies integer NOT NULL DEFAULT '1'
);
INSERT INTO new_books (id, title, copies) SELECT id, title, copies FROM books;
DROP TABLE books;
ALTER TABLE new_books RENAME TO books;
