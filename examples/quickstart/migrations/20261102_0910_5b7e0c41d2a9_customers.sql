-- revision: 5b7e0c41d2a9
-- branch_labels: shop
-- message: customers
-- created: 2026-11-02T09:10:00Z

-- migrate:up
CREATE TABLE customers (
    id integer PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text,
    joined text NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- migrate:down
DROP TABLE customers;
