-- revision: 1fd85e2ab630
-- down_revision: c90f3a6b7714
-- message: first rows
-- created: 2026-11-09T08:02:00Z

-- migrate:up
INSERT INTO customers (id, email, name)
VALUES (1, 'ada@example.org', 'Ada'), (2, 'grace@example.org', NULL);
INSERT INTO orders (customer_id, placed, total_cents)
VALUES (1, '2026-11-08', 1250), (1, '2026-11-09', 400), (2, '2026-11-09', 9900);

-- migrate:down
DELETE FROM orders WHERE customer_id IN (1, 2);
DELETE FROM customers WHERE id IN (1, 2);
