-- revision: 27c6a30d7c24
-- down_revision: ae1027a6acf3
-- message: invoices

-- migrate:up
CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id));
CREATE INDEX invoices_customer ON invoices (customer);

-- migrate:down
DROP TABLE invoices;
