-- A schema with an object of every kind, and with names that need quotes.
CREATE EXTENSION btree_gist;
CREATE SCHEMA "Billing";
COMMENT ON SCHEMA "Billing" IS 'What is owed; who''s to pay.';
CREATE TYPE mood AS ENUM ('sad', 'so-so', 'it''s fine', 'Ünder');
CREATE TYPE place AS (street text, number integer, town varchar(40) COLLATE "C");
CREATE DOMAIN positive AS integer DEFAULT 1 NOT NULL CONSTRAINT above_zero CHECK (VALUE > 0);
CREATE SEQUENCE ticket AS bigint START 100 INCREMENT 5 MINVALUE 10 MAXVALUE 10000 CACHE 3 CYCLE;

CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2) PRIMARY KEY,
    name varchar(80) NOT NULL COLLATE "C",
    mail text NOT NULL UNIQUE,
    state mood NOT NULL DEFAULT 'so-so',
    home place,
    age positive,
    tags text[] NOT NULL DEFAULT '{}',
    data jsonb DEFAULT '{"a": [1, 2]}',
    since timestamptz NOT NULL DEFAULT now(),
    lower_mail text GENERATED ALWAYS AS (lower(mail)) STORED,
    ticket bigint DEFAULT nextval('ticket'),
    parent bigint,
    CONSTRAINT "a mail, please" CHECK (mail LIKE '%@%'),
    CONSTRAINT customer_parent FOREIGN KEY (parent) REFERENCES customer ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 70);
COMMENT ON TABLE customer IS E'Whoever buys.\nTwo lines, a \\ and "quotes".';
COMMENT ON COLUMN customer.mail IS 'as typed';
CREATE INDEX customer_name ON customer (lower(name) DESC NULLS LAST, since) INCLUDE (mail) WHERE age > 3;
CREATE INDEX customer_tags ON customer USING gin (tags);
CREATE UNIQUE INDEX "Customer.Mail" ON customer (mail text_pattern_ops) NULLS NOT DISTINCT;
COMMENT ON INDEX customer_tags IS 'for the search';

CREATE TABLE "Billing"."Order" (
    "select" serial,
    "from.to" integer NOT NULL,
    "Übergröße" numeric(12, 2) DEFAULT 0.00,
    "has ""quotes""" char(3) DEFAULT 'x''y',
    customer bigint REFERENCES customer (id) ON UPDATE CASCADE,
    during tstzrange,
    PRIMARY KEY ("select", "from.to"),
    EXCLUDE USING gist (customer WITH =, during WITH &&) WHERE (customer IS NOT NULL)
);

CREATE TABLE a (id integer PRIMARY KEY, b integer);
CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b NOT VALID;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.since := now(); -- a semicolon; and 'a quote'
    RETURN NEW;
END
$body$;
CREATE FUNCTION add(x integer, y integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT x + y';
CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM b';
CREATE TRIGGER touched BEFORE UPDATE OF name, mail ON customer
    FOR EACH ROW WHEN (OLD.mail IS DISTINCT FROM NEW.mail) EXECUTE FUNCTION touch();

CREATE VIEW "View.One" AS SELECT id, name, add(id::integer) AS more FROM customer WHERE state <> 'sad';
CREATE VIEW view_two WITH (security_barrier) AS SELECT v.id, o."select" FROM "View.One" v JOIN "Billing"."Order" o ON o.customer = v.id;
CREATE MATERIALIZED VIEW counted AS SELECT state, count(*) AS n FROM customer GROUP BY state;
CREATE UNIQUE INDEX counted_state ON counted (state);
COMMENT ON VIEW view_two IS 'both';

ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON customer FOR SELECT USING (mail = current_user);
CREATE POLICY new ON customer AS RESTRICTIVE FOR INSERT WITH CHECK (age > 17);
