use super::{Effect, decide, key_line, needs_identity, without_counter};

fn kind(effect: &Effect) -> char {
    match effect {
        Effect::Done(_) => 'd',
        Effect::None(_) => 'n',
        Effect::Undecided(_) => '?',
    }
}

/// A table's line.
fn t(name: &str, state: &str) -> String {
    format!("table `d`.`{name}` = {state}")
}

fn both(one: &str, other: &str) -> String {
    format!("{one}\n{other}")
}

#[test]
fn statements_are_decided_by_what_they_do() {
    let cases = [
        ("CREATE TABLE a (i int)", t("a", "absent"), t("a", "1"), 'd'),
        ("CREATE TABLE a (i int)", t("a", "absent"), t("a", "absent"), 'n'),
        ("CREATE TABLE IF NOT EXISTS a (i int)", t("a", "1"), t("a", "1"), 'n'),
        ("CREATE OR REPLACE TABLE a (i int)", t("a", "1"), t("a", "1"), '?'),
        ("CREATE OR REPLACE TABLE a (i int)", t("a", "1 #7"), t("a", "1 #7"), 'n'),
        ("CREATE OR REPLACE TABLE a (i int)", t("a", "1 #7"), t("a", "1 #8"), 'd'),
        ("CREATE OR REPLACE VIEW a AS SELECT 1", "view `d`.`a` = 1".into(), "view `d`.`a` = 1".into(), 'n'),
        ("ALTER TABLE a ADD b int", t("a", "1"), t("a", "2"), 'd'),
        ("ALTER TABLE a ADD b int", t("a", "1"), t("a", "1"), 'n'),
        ("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", t("a", "1"), t("a", "1"), '?'),
        ("DROP TABLE a", t("a", "1"), t("a", "absent"), 'd'),
        ("DROP TABLE a", t("a", "1"), t("a", "1"), 'n'),
        ("DROP TABLE IF EXISTS a", t("a", "absent"), t("a", "absent"), 'n'),
        ("DROP TABLE a, b", both(&t("a", "1"), &t("b", "1")), both(&t("a", "absent"), &t("b", "1")), '?'),
        ("TRUNCATE a", t("a", "1"), t("a", "1"), '?'),
        ("TRUNCATE a", t("a", "1 #4"), t("a", "1 #5"), 'd'),
        ("TRUNCATE a", t("a", "1 #4"), t("a", "1 #4"), 'n'),
        (
            "RENAME TABLE a TO b",
            both(&t("a", "1"), &t("b", "absent")),
            both(&t("a", "absent"), &t("b", "1")),
            'd',
        ),
        ("CALL tidy()", String::new(), String::new(), '?'),
        ("OPTIMIZE TABLE a", String::new(), String::new(), 'n'),
        ("CREATE USER IF NOT EXISTS u", String::new(), String::new(), 'n'),
        ("CREATE USER u", String::new(), String::new(), '?'),
        ("ALTER TABLE a ADD b int", t("a", "unknown"), t("a", "unknown"), '?'),
        // An id that the next run may not read must not look like a change.
        ("RENAME TABLE a TO b", t("a", "1 #4"), t("a", "1"), 'n'),
    ];
    for (statement, before, now, expected) in cases {
        let effect = decide(statement, true, &before, &now);
        assert_eq!(kind(&effect), expected, "{statement}: {effect:?}");
    }
}

#[test]
fn some_tables_of_a_drop_if_exists_may_be_gone() {
    let (before, now) = (both(&t("a", "1"), &t("b", "1")), both(&t("a", "absent"), &t("b", "1")));
    assert_eq!(kind(&decide("DROP TABLE IF EXISTS a, b", true, &before, &now)), 'n');
}

#[test]
fn an_edited_statement_is_decided_by_definitions_alone() {
    assert_eq!(kind(&decide("OPTIMIZE TABLE a", false, "", "")), '?');
    assert_eq!(kind(&decide("DROP TABLE z", false, &t("a", "1"), &t("a", "1"))), 'n');
    assert_eq!(kind(&decide("DROP TABLE z", false, &t("a", "1"), &t("a", "2"))), 'd');
}

#[test]
fn a_key_is_found_in_its_table() {
    let table = "CREATE TABLE `a` (\n  `i` int,\n  UNIQUE KEY `x` (`i`),\n  KEY `xy` (`i`)\n)";
    assert_eq!(key_line(table, "`x").as_deref(), Some("UNIQUE KEY `x` (`i`)"));
    assert_eq!(key_line(table, "`y"), None);
}

#[test]
fn counters_do_not_count() {
    let table = |n| format!("CREATE TABLE `a` (\n  `i` int AUTO_INCREMENT\n) ENGINE=InnoDB{n} CHARSET=x");
    assert_eq!(without_counter(&table(" AUTO_INCREMENT=17")), table(""));
    assert_eq!(without_counter(&table("")), table(""));
}

#[test]
fn ids_are_read_where_definitions_may_stay() {
    assert!(needs_identity("TRUNCATE TABLE a"));
    assert!(needs_identity("/*!50003 RENAME TABLE a TO b */"));
    assert!(!needs_identity("ALTER TABLE a ADD b int"));
}
