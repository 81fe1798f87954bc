-- revision: 3f2a9c1b7d4e
-- down_revision: 1c0d, 2e
-- branch_labels: billing
-- depends_on: x
-- message: add invoices
-- created: 2026-11-21T07:12:00Z

-- migrate:up
CREATE TABLE invoices (id bigint);

-- migrate:down
