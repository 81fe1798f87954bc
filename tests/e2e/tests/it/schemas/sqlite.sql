-- A schema with an object of every kind, and with names that need quotes.
CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(80) NOT NULL COLLATE NOCASE,
    mail TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'it''s fine' CHECK (state IN ('sad', 'so-so', 'it''s fine', 'Ünder')),
    age INTEGER DEFAULT 1,
    since TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    lower_mail TEXT GENERATED ALWAYS AS (lower(mail)) STORED,
    half REAL GENERATED ALWAYS AS (age / 2.0) VIRTUAL,
    anything,
    parent INTEGER,
    CONSTRAINT "a mail, please" CHECK (mail LIKE '%@%'),
    CONSTRAINT customer_parent FOREIGN KEY (parent) REFERENCES customer (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX customer_name ON customer (lower(name) DESC, since) WHERE age > 3;
CREATE UNIQUE INDEX "Customer.Mail" ON customer (mail COLLATE NOCASE);

CREATE TABLE "Order" (
    "select" INTEGER NOT NULL,
    "from.to" INTEGER NOT NULL DEFAULT -1,
    "Übergröße" NUMERIC(12, 2) DEFAULT 0.00,
    "has ""quotes""" TEXT DEFAULT 'x''y',
    customer INTEGER REFERENCES customer (id) ON UPDATE CASCADE,
    PRIMARY KEY ("select", "from.to")
) WITHOUT ROWID;

CREATE TABLE exact (id INTEGER PRIMARY KEY, data BLOB, price REAL) STRICT;
CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));
CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));
CREATE VIRTUAL TABLE words USING fts5(title, body);

CREATE VIEW "View.One" AS SELECT id, name, upper(mail) AS loud FROM customer WHERE state <> 'sad';
CREATE VIEW view_two AS SELECT v.id, o."select" FROM "View.One" v JOIN "Order" o ON o.customer = v.id;

CREATE TRIGGER touched AFTER UPDATE OF name, mail ON customer WHEN OLD.mail <> NEW.mail
BEGIN
    UPDATE customer SET since = CURRENT_TIMESTAMP WHERE id = NEW.id; -- a semicolon; and 'a quote'
    INSERT INTO a (id) VALUES (NEW.id);
END;
CREATE TRIGGER view_insert INSTEAD OF INSERT ON "View.One"
BEGIN
    INSERT INTO customer (name, mail) VALUES (NEW.name, NEW.loud);
END;
