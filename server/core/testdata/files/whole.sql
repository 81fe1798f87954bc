-- Copyright: the owners of this project
-- revision: 3f2a9c1b7d4e
-- down_revision: 1c0d5e6f7a8b, 2e4f
-- depends_on: accounts
-- branch_labels: billing, invoices
-- message: add invoices: totals, and more
-- created: 2026-11-21T07:12:00Z

/*
 * A note on what this is about.
 */

-- The default.

-- migrate:up
CREATE TABLE invoices (id bigint PRIMARY KEY);
-- revision: this is only a comment
INSERT INTO invoices VALUES (1);

-- migrate:up dialect:mysql transaction:false
CREATE TABLE invoices (id bigint PRIMARY KEY) ENGINE=InnoDB;

-- migrate:down dialect:postgresql,mariadb
DROP TABLE invoices;
