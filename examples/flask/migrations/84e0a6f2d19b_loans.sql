-- revision: 84e0a6f2d19b
-- down_revision: 3c9d1b7e50fa
-- message: loans
-- created: 2026-05-09T10:15:00Z

-- migrate:up dialect:postgresql
CREATE TABLE loans (
    id serial NOT NULL CONSTRAINT pk_loans PRIMARY KEY,
    book_id integer NOT NULL CONSTRAINT fk_loans_book_id_books REFERENCES books,
    reader varchar(80) NOT NULL,
    until date
);
CREATE INDEX ix_loans_book_id ON loans (book_id);

-- migrate:up dialect:sqlite
CREATE TABLE loans (
    id integer NOT NULL CONSTRAINT pk_loans PRIMARY KEY,
    book_id integer NOT NULL,
    reader varchar(80) NOT NULL,
    until date,
    CONSTRAINT fk_loans_book_id_books FOREIGN KEY (book_id) REFERENCES books (id)
);
CREATE INDEX ix_loans_book_id ON loans (book_id);

-- migrate:down
DROP TABLE loans;
