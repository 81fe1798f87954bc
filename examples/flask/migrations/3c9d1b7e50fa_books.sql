-- revision: 3c9d1b7e50fa
-- message: books
-- created: 2026-05-02T14:00:00Z

-- migrate:up dialect:postgresql
CREATE TABLE books (
    id serial NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(120),
    copies integer NOT NULL DEFAULT 1
);
INSERT INTO books (title, copies) VALUES ('The Trial', 2), ('It''s a 100% colon: story', 1);

-- migrate:up dialect:sqlite
CREATE TABLE books (
    id integer NOT NULL CONSTRAINT pk_books PRIMARY KEY,
    title varchar(120),
    copies integer NOT NULL DEFAULT '1'
);
INSERT INTO books (title, copies) VALUES ('The Trial', 2), ('It''s a 100% colon: story', 1);

-- migrate:down
DROP TABLE books;
