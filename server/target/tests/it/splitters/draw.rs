//! Drawing scripts.

use migrated_core::DialectName;

/// Where statements, and the parts of one, are chosen from.
pub(super) struct Draw {
    state: u64,
    dialect: DialectName,
    number: u32,
}

/// Values that hold what would end, open or hide something if it stood outside of them.
const VALUES: &[&str] = &[
    "'a;b'",
    "''",
    "''''",
    "';'",
    "'it''s; -- no'",
    "'/* ;'",
    "'*/'",
    "'a\nb;\r\nc'",
    "'\u{17c};\u{1d11e}'",
    "'$$;$$'",
    "1",
    "(1)",
    "((2))",
    "CASE WHEN 1 = 1 THEN 'a;' ELSE 'END' END",
    "(SELECT ';')",
    "NULL",
    "1.5e3",
    "'BEGIN'",
    "1 - -1",
];
const VALUES_PG: &[&str] = &[
    "E'a\\';'",
    "E'\\\\'",
    "e'\\'\\';'",
    "'\\'",
    "$$;$$",
    "$a$ ; $$ $b$ ' $a$",
    "$a$ -- $a$",
    "U&'d\\0061;'",
    "B'01'",
    "X'1F'",
    "'a;'\n'b;'",
    "E'a'\n'b\\';c'",
    "'1'::text",
    "type'\\'",
    "ARRAY['a;','b']",
    "array[1,2]",
    "'{;}'::text",
    "2 /3",
    "4@-5",
    "5*/*;*/5",
    "4 operator(pg_catalog.-) 1",
    "\"current_user\"()",
    "n'x;'",
    "N''",
    "1--;\n+1",
];
const VALUES_MY: &[&str] = &[
    "'a\\';'",
    "\"a;b\"",
    "\"a\\\";\"",
    "\"a\"\";\"",
    "'\\\\'",
    "N'a;'",
    "x'61'",
    "_utf8mb4'b;'",
    "5--1",
    "5--\n-1",
    "\\N",
    "IF(1, ';', 2)",
    "REPEAT('a;', 2)",
    "1 /*!50000 + 1 */",
    "1 /*!50000 + ';*/' */",
    "1 /*M!100000 + 1 */",
    "/*+ x; */ 1",
    "\"/*\"",
    "'--'",
    "\"#\"",
    "1 # ; '\n",
];
const VALUES_LITE: &[&str] = &[
    "x'00'",
    "'\\'",
    "\"a;b\"",
    "1 --;\n",
    "1 /* ; ' */",
    "'a' || ';'",
    "json('[\";\"]')",
    "x'3b' || ';'",
    "'[;]'",
];

/// What may stand between two words.
const GAPS: &[&str] =
    &[" ", " ", " ", "\n", "\t", "\r\n", " /* ; */ ", " /* ' \" */ ", " -- ;\n", " -- it's\n", "\n--\n"];
const GAPS_PG: &[&str] = &[" /* /* ; */ $$ */ ", " --;'\n", "--\n"];
const GAPS_MY: &[&str] = &[" # ; '\n", " /* /* ; */ ", " --\t;\n", " /**/ "];
const GAPS_LITE: &[&str] = &[" --;'\n", " /* /* ; */ ", "--\n"];

/// Names with such things in them.
const NAMES: &[&str] = &["a", "b1", "end_", "begin_", "_x"];
const NAMES_PG: &[&str] = &["\"a;b\"", "\"it's\"", "\"a\"\"b;\"", "U&\"a;\"", "a$b", "\"--\"", "\u{17c}"];
const NAMES_MY: &[&str] = &["`a;b`", "`it's`", "`a``b;`", "a$b", "`--`", "`\\`", "end", "begin"];
const NAMES_LITE: &[&str] = &["\"a;b\"", "[a;b]", "`a;b`", "\"a\"\"b;\"", "[it's]", "'a;b'", "[--]"];

/// What breaks a script, or not, wherever it is put.
const PIECES: &[&str] =
    &[";", "'", "\"", "(", ")", "/*", "*/", "--", "BEGIN ", "END ", "CASE ", "x", "\n", ",", "1e", "+", "."];
const PIECES_PG: &[&str] = &["$$", "$a$", "E'", "U&'", "ATOMIC ", "$1", "@", "#", "-"];
const PIECES_MY: &[&str] = &["`", "#", "-- ", "IF ", "LOOP ", "THEN "];
const PIECES_LITE: &[&str] = &["`", "[", "]", "#", "TRIGGER "];

impl Draw {
    pub(super) fn new(seed: u64, dialect: DialectName) -> Draw {
        Draw { state: seed | 1, dialect, number: 0 }
    }

    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 16) % most as u64).expect("it is below")
    }

    fn one(&mut self, common: &[&'static str], own: [&[&'static str]; 3]) -> &'static str {
        let own = own[match self.dialect {
            DialectName::Postgres => 0,
            DialectName::Mysql => 1,
            DialectName::Sqlite => 2,
        }];
        let at = self.below(common.len() + own.len());
        common.get(at).or_else(|| own.get(at - common.len())).copied().expect("one of them")
    }

    fn value(&mut self) -> &'static str {
        self.one(VALUES, [VALUES_PG, VALUES_MY, VALUES_LITE])
    }

    fn gap(&mut self) -> &'static str {
        self.one(GAPS, [GAPS_PG, GAPS_MY, GAPS_LITE])
    }

    fn name(&mut self) -> &'static str {
        self.one(NAMES, [NAMES_PG, NAMES_MY, NAMES_LITE])
    }

    /// A script of one to six statements, of which one in three is broken somewhere.
    pub(super) fn script(&mut self) -> String {
        let count = 1 + self.below(6);
        let mut text = String::new();
        for at in 0..count {
            if at > 0 {
                let (before, after) = (self.gap(), self.gap());
                text.push_str(&format!("{before};{after}"));
            }
            let statement = self.statement();
            text.push_str(&statement);
        }
        if self.below(2) == 0 {
            text.push(';');
        }
        if self.below(3) == 0 { self.broken(&text) } else { text }
    }

    fn statement(&mut self) -> String {
        match (self.dialect, self.below(8)) {
            (DialectName::Postgres, 0) => self.of_postgres(),
            (DialectName::Mysql, 0) => self.of_mysql(),
            (DialectName::Sqlite, 0) => self.of_sqlite(),
            _ => self.select(),
        }
    }

    /// A query that gives its number, so that no two are alike.
    fn select(&mut self) -> String {
        self.number += 1;
        let mut text = format!("SELECT {}", self.number);
        for _ in 0..self.below(4) {
            let (before, value, after) = (self.gap(), self.value(), self.gap());
            text.push_str(&format!("{before},{value}{after}"));
            if self.below(3) == 0 {
                let (name, gap) = (self.name(), self.gap());
                text.push_str(&format!(" AS {name}{gap}"));
            }
        }
        text
    }

    /// The body of a program: statements, each with its `;`.
    fn body(&mut self) -> String {
        let count = 1 + self.below(3);
        (0..count).map(|_| format!("{}{};{}", self.select(), self.gap(), self.gap())).collect()
    }

    fn of_postgres(&mut self) -> String {
        self.number += 1;
        let (n, gap, value) = (self.number, self.gap(), self.value());
        match self.below(6) {
            0 => format!(
                "CREATE FUNCTION f{n}() RETURNS SETOF record{gap}BEGIN{gap}ATOMIC {} END",
                self.body()
            ),
            1 => format!(
                "CREATE OR REPLACE PROCEDURE p{n}(a int DEFAULT (1)) begin atomic {} end",
                self.body()
            ),
            2 => format!("CREATE FUNCTION f{n}() RETURNS text LANGUAGE sql{gap}RETURN{gap}{value}"),
            3 => format!("DO{gap}$do$ BEGIN PERFORM 1; -- $$ '\n END; $do$"),
            4 => format!(
                "CREATE RULE r{n} AS ON INSERT TO t{n} DO ALSO (DELETE FROM a{gap};{gap}DELETE FROM b;)"
            ),
            _ => ["BEGIN", "COMMIT", "END", "SAVEPOINT s", "EXPLAIN SELECT ';'"][self.below(5)].to_owned(),
        }
    }

    fn of_mysql(&mut self) -> String {
        self.number += 1;
        let (n, gap, value) = (self.number, self.gap(), self.value());
        match self.below(7) {
            0 => format!("CREATE OR REPLACE PROCEDURE p{n}(){gap}BEGIN {} END", self.body()),
            1 => format!(
                "CREATE OR REPLACE PROCEDURE p{n}() l:{gap}BEGIN IF{gap}1 THEN {} END IF; CASE WHEN 1 THEN {} END \
                 CASE; LEAVE l; END l",
                self.body(),
                self.body()
            ),
            2 => {
                format!("CREATE OR REPLACE FUNCTION f{n}() RETURNS text DETERMINISTIC{gap}RETURN{gap}{value}")
            }
            3 => format!(
                "CREATE OR REPLACE PROCEDURE p{n}() BEGIN DECLARE i int DEFAULT 0; WHILE i < 2 DO SET i = i + 1; END \
                 WHILE; REPEAT SET i = i - 1; UNTIL i < 1 END REPEAT; FOR r IN (SELECT 1) DO {} END FOR; END",
                self.body()
            ),
            4 => format!(
                "CREATE OR REPLACE PROCEDURE p{n}() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END; \
                 {} END",
                self.body()
            ),
            5 => format!("BEGIN NOT ATOMIC SET @n = {n}; IF 0 THEN SET @n = ';'; END IF; END"),
            _ => ["BEGIN", "COMMIT", "START TRANSACTION", "SET @a = ';'", "DO 1"][self.below(5)].to_owned(),
        }
    }

    fn of_sqlite(&mut self) -> String {
        self.number += 1;
        let (n, gap, value) = (self.number, self.gap(), self.value());
        match self.below(5) {
            0 => format!("CREATE TABLE t{n}{gap}(a, b DEFAULT ';')"),
            1 => format!(
                "CREATE TRIGGER r{n} AFTER INSERT ON t WHEN CASE 1 WHEN 1 THEN 1 END BEGIN{gap}{}END",
                self.body()
            ),
            2 => format!(
                "CREATE TEMP TRIGGER r{n} DELETE ON t BEGIN UPDATE t SET a = {value}{gap};{gap}{}END",
                self.body()
            ),
            3 => format!("CREATE VIEW v{n} AS{gap}SELECT {value} AS end"),
            _ => ["BEGIN", "COMMIT", "END", "SAVEPOINT s", "PRAGMA foreign_keys"][self.below(5)].to_owned(),
        }
    }

    /// A text with something taken out, or put in, somewhere.
    fn broken(&mut self, text: &str) -> String {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = places[self.below(places.len())];
        let (before, after) = text.split_at(at);
        match self.below(3) {
            0 => before.to_owned(),
            1 => format!("{before}{}", after.chars().skip(1).collect::<String>()),
            _ => format!("{before}{}{after}", self.one(PIECES, [PIECES_PG, PIECES_MY, PIECES_LITE])),
        }
    }
}
