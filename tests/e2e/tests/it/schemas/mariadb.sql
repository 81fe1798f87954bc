-- A schema with an object of every kind, and with names that need quotes.
CREATE SEQUENCE ticket START WITH 100 INCREMENT BY 5 MINVALUE 10 MAXVALUE 10000 CACHE 3 CYCLE;

CREATE TABLE customer (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'it''s a \\ name',
    mail varchar(120) NOT NULL,
    state enum('sad', 'so-so', 'it''s fine', 'Ünder') NOT NULL DEFAULT 'so-so',
    flags set('a', 'b'),
    age tinyint(1) DEFAULT 1,
    price decimal(12, 2) unsigned DEFAULT 0.00,
    data json DEFAULT (json_object('a', 1)),
    since timestamp(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
    lower_mail varchar(120) GENERATED ALWAYS AS (lower(mail)) STORED,
    half int GENERATED ALWAYS AS (age / 2) VIRTUAL,
    secret int INVISIBLE DEFAULT 7,
    body text,
    spot point NOT NULL,
    parent bigint unsigned,
    UNIQUE KEY mail_once (mail),
    KEY name_part (name(10) DESC, since),
    FULLTEXT KEY body_words (body),
    SPATIAL KEY spot_place (spot),
    CONSTRAINT `a mail, please` CHECK (mail LIKE '%@%'),
    CONSTRAINT customer_parent FOREIGN KEY (parent) REFERENCES customer (id) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=DYNAMIC COMMENT='Whoever "buys"; and pays';

CREATE TABLE `Order` (
    `select` int NOT NULL,
    `from.to` int NOT NULL DEFAULT -1,
    `Übergröße` double DEFAULT 1.5,
    `has ``quotes``` char(3) DEFAULT 'x''y',
    customer bigint unsigned,
    PRIMARY KEY (`select`, `from.to`),
    KEY customer (customer),
    CONSTRAINT `order.customer` FOREIGN KEY (customer) REFERENCES customer (id)
);

CREATE TABLE a (id int PRIMARY KEY, b int, KEY b (b));
CREATE TABLE b (id int PRIMARY KEY, a int, KEY a (a), CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id));
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b (id);

CREATE VIEW `View.One` AS SELECT id, name, upper(mail) AS loud FROM customer WHERE state <> 'sad';
CREATE VIEW view_two AS SELECT v.id, o.`select` FROM `View.One` v JOIN `Order` o ON o.customer = v.id;

DELIMITER //
CREATE FUNCTION plus(x int, y int) RETURNS int DETERMINISTIC COMMENT 'adds; two'
BEGIN
    DECLARE z int DEFAULT x;
    SET z = z + y + length('a semicolon; in a text') * 0;
    RETURN z;
END//
CREATE PROCEDURE clear_all()
BEGIN
    DELETE FROM b;
    DELETE FROM a;
END//
CREATE TRIGGER touched BEFORE UPDATE ON customer FOR EACH ROW
BEGIN
    SET NEW.age = NEW.age + 1;
    SET NEW.secret = plus(1, 2);
END//
DELIMITER ;
