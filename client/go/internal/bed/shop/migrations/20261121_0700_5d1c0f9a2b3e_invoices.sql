-- revision: 5d1c0f9a2b3e
-- message: invoices

-- migrate:up
CREATE TABLE invoices (id integer PRIMARY KEY, net integer NOT NULL, gross integer);
INSERT INTO invoices (id, net) VALUES (1, 100), (2, 250);

-- migrate:down
DROP TABLE invoices;
