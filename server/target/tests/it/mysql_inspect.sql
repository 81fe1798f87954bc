CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, k varchar(20) NOT NULL DEFAULT 'a\'b\\c"d', UNIQUE KEY uk (k)) COMMENT = 'it''s';
CREATE TABLE t (
  id int unsigned NOT NULL AUTO_INCREMENT,
  p_id int,
  a varchar(50) CHARACTER SET latin1 COLLATE latin1_bin,
  b text COLLATE utf8mb4_bin DEFAULT 'x',
  c datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  d decimal(10,2) DEFAULT 1.5,
  e enum('a','b''c','d,e') DEFAULT 'a',
  f json,
  g int AS (id + 1) VIRTUAL,
  h int AS (i + 1) STORED,
  i int INVISIBLE DEFAULT 3,
  j int CHECK (j > 0),
  k varchar(30) AS (concat(a, 'x\'y')) STORED,
  l bit(3) DEFAULT b'101',
  m binary(4) DEFAULT 'ab',
  n timestamp NULL DEFAULT NULL,
  q uuid DEFAULT uuid() COMMENT 'it''s \\ é',
  r int DEFAULT (1 + length('a''b')),
  s point NOT NULL,
  u int ZEROFILL,
  v varchar(20) COMPRESSED,
  nn varchar(5) DEFAULT 'NULL',
  PRIMARY KEY (id),
  KEY ix (a(5), b(3) DESC),
  FULLTEXT KEY ft (b),
  SPATIAL KEY sp (s),
  KEY ig (j) IGNORED COMMENT 'c',
  UNIQUE KEY uh (h) USING BTREE,
  CONSTRAINT fk FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT ck CHECK (u > 0 OR a LIKE 'x%')
) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8;
CREATE TABLE versioned (a int, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING;
CREATE TABLE booked (a int, since date, until date, PERIOD FOR stay (since, until), UNIQUE booking (a, stay WITHOUT OVERLAPS));
CREATE TABLE parts (a int PRIMARY KEY) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE m (a int, KEY h (a) USING HASH, KEY b (a) USING BTREE, PRIMARY KEY (a)) ENGINE = MEMORY MAX_ROWS = 10;
CREATE TABLE hashed (b text, UNIQUE KEY (b)) STATS_PERSISTENT = 1;
CREATE TABLE crashing (a int) ENGINE = Aria TRANSACTIONAL = 0;
CREATE SEQUENCE counter START 5 INCREMENT 2 MAXVALUE 1000 CACHE 10 CYCLE;
CREATE TABLE uses (n int DEFAULT nextval(counter));
CREATE VIEW v AS SELECT id, k FROM p WHERE k <> 'x' WITH CHECK OPTION;
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v2 AS SELECT v.id, t.a FROM v JOIN t ON t.id = v.id;
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW set new.a = 'z';
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW PRECEDES one begin set new.a = ';'; if new.j > 1 then set new.j = 2; end if; end;
CREATE TRIGGER three BEFORE INSERT ON t FOR EACH ROW FOLLOWS one set new.a = 'x';
CREATE FUNCTION same(a int, b varchar(10)) RETURNS int DETERMINISTIC COMMENT 'fc' RETURN (SELECT count(*) FROM p);
CREATE PROCEDURE same(IN a int, OUT b varchar(10)) BEGIN SELECT 1 INTO b; END;
CREATE EVENT same ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'ec' DO BEGIN DELETE FROM p; END;
CREATE AGGREGATE FUNCTION total(x int) RETURNS int BEGIN DECLARE t int DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN t; LOOP FETCH GROUP NEXT ROW; SET t = t + x; END LOOP; END;
SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR CREATE FUNCTION quoted() RETURNS int RETURN 1;
