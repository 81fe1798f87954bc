-- revision: ae1027a6acf3
-- message: customers

-- migrate:up
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- migrate:down
DROP TABLE customers;
