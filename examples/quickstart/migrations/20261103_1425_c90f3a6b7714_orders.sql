-- revision: c90f3a6b7714
-- down_revision: 5b7e0c41d2a9
-- message: orders
-- created: 2026-11-03T14:25:00Z

-- migrate:up
CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    placed text NOT NULL,
    total_cents integer NOT NULL CHECK (total_cents >= 0)
);
CREATE INDEX orders_customer ON orders (customer_id, placed);

-- migrate:down
DROP TABLE orders;
