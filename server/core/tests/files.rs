//! Revision files: what is read, what is refused, how they are named, written and hashed.

use migrated_core::dialect::{StatementKind, classify, split};
use migrated_core::event::Direction;
use migrated_core::file::{
    Created, DEFAULT_TEMPLATE, NewRevision, RevisionFile, file_name, parse, raw_hash, render, slug,
    token_hash,
};
use migrated_core::{Code, DialectName};
use proptest::prelude::*;

#[track_caller]
fn read(text: &str) -> RevisionFile {
    parse("f.sql", text.as_bytes()).expect("the file is read")
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, code: Code, expected: &str) {
    let error = parse("f.sql", bytes.as_ref()).expect_err("the file is refused");
    assert_eq!((error.code, format!("{error} | {}", error.help).as_str()), (code, expected));
}

/// A file with that text between header and end.
fn with_body(body: &str) -> String {
    format!("-- revision: a1\n{body}")
}

#[test]
fn a_whole_file() {
    let file = read(include_str!("../testdata/files/whole.sql"));
    insta::with_settings!({snapshot_path => "../testdata/files", prepend_module_to_snapshot => false}, {
        let sections: Vec<_> = file.sections.iter().map(|s| (s, file.body(s))).collect();
        insta::assert_debug_snapshot!("whole", (
            &file.revision, &file.down_revisions, &file.depends_on, &file.branch_labels, &file.message, &file.created,
            sections,
        ));
    });
    let up = |dialect| file.section(Direction::Up, dialect).expect("there is one").line;
    assert_eq!(up(DialectName::Mysql), 20);
    assert_eq!(up(DialectName::Sqlite), 15);
    assert_eq!(up(DialectName::Postgres), 15);
    assert!(file.section(Direction::Down, DialectName::Sqlite).is_none());
}

#[test]
fn bases_and_absent_facts() {
    for down in ["", "-- down_revision:\n", "-- down_revision: None\n"] {
        let file = read(&format!("-- revision: a1\n{down}-- migrate:up\n"));
        assert!(
            file.down_revisions.is_empty() && file.depends_on.is_empty() && file.branch_labels.is_empty()
        );
        assert_eq!((file.message.as_str(), file.created.as_str()), ("", ""));
    }
    assert!(read("-- revision: merge1\n-- down_revision: a, b\n").sections.is_empty());
}

#[test]
fn other_line_ends_marks_and_spellings() {
    let plain = read("-- revision: a1\n-- message: äö: b\n\n-- migrate:up\nSELECT 1;\n");
    for text in [
        "\u{feff}-- revision: a1\n-- message: äö: b\n\n-- migrate:up\nSELECT 1;\n",
        "-- revision: a1\r\n-- message: äö: b\r\n\r\n-- migrate:up\r\nSELECT 1;\r\n",
        "--revision:a1\n  --  message :  äö: b  \n\n  -- MIGRATE: UP \nSELECT 1;\n",
    ] {
        let file = read(text);
        assert_eq!((&file.revision, &file.message), (&plain.revision, &plain.message));
        assert_eq!(file.body(&file.sections[0]).trim_end(), "SELECT 1;");
        assert_eq!(file.sections[0].body_line, 5);
        assert_eq!(token_hash(&file), token_hash(&plain));
        assert_ne!(raw_hash(text.as_bytes()), raw_hash(plain.text.as_bytes()));
    }
}

#[test]
fn comments_before_the_first_section() {
    let file = read(
        "-- Copyright 2026: Someone\n-- SPDX-License-Identifier: Apache-2.0\n-- see https://example.org/x\n\
         /* text: more\n revision: no */ -- revision: a1\n\n-- migrate:up\n-- revision: b2\n",
    );
    assert_eq!(file.revision, "a1");
}

#[test]
fn files_that_are_no_text() {
    refused(
        b"-- revision: a1\n-- ab\xff",
        Code::FileNotUtf8,
        "f.sql:2:6: byte 21 (0xff) is not UTF-8 | save the file as UTF-8",
    );
    refused(
        b"\xff\xfe-\0-\0",
        Code::FileNotUtf8,
        "f.sql:1:1: byte 0 (0xff) is not UTF-8 | the file is UTF-16: save it as UTF-8",
    );
    let empty = "f.sql:1:1: the file is empty | remove it, or write the revision; `migratectl revision -m MESSAGE` begins one";
    refused(b"", Code::FileEmpty, empty);
    refused("\u{feff}\r\n \n", Code::FileEmpty, empty);
    let error = parse("x/y.yaml", b"revision: a1").expect_err("another form");
    assert_eq!(error.code, Code::UnsupportedForm);
}

#[test]
fn headers_that_are_wrong() {
    let invalid = Code::FileInvalidHeader;
    refused(
        "-- message: x\n-- migrate:up\n",
        Code::FileNoHeader,
        "f.sql:1:1: the file has no `-- revision:` line | a revision file begins with lines such as `-- revision: 3f2a9c1b7d4e`",
    );
    refused("-- revision:\n", invalid, "f.sql:1:4: `revision` without an id | ");
    refused(
        "-- revision: a1\n-- revision: b2\n",
        invalid,
        "f.sql:2:4: `revision` stands here again, after line 1 | ",
    );
    refused(
        with_body("-- down_revison: b\n"),
        invalid,
        "f.sql:2:4: unknown key `down_revison` | did you mean `down_revision`?",
    );
    refused(
        with_body("-- Down-Revision: b\n"),
        invalid,
        "f.sql:2:4: unknown key `Down-Revision` | did you mean `down_revision`?",
    );
    refused(
        with_body("-- branch_label: b\n"),
        invalid,
        "f.sql:2:4: unknown key `branch_label` | did you mean `branch_labels`?",
    );
    refused(
        with_body("-- ticket: 42\n"),
        invalid,
        "f.sql:2:4: unknown key `ticket` | keys are revision, down_revision, depends_on, branch_labels, message, created; a comment must not look like one",
    );
    refused(with_body("-- down_revision: b,,c\n"), invalid, "f.sql:2:19: an empty revision id in `b,,c` | ");
    refused(with_body("-- depends_on: b, b\n"), invalid, "f.sql:2:16: dependency `b` is given twice | ");
    refused(
        with_body("-- created: yesterday\n"),
        invalid,
        "f.sql:2:13: `yesterday` is no date and time | write it as 2026-11-21T07:12:00Z",
    );
    refused(
        with_body("/* open\n-- migrate:up\n"),
        invalid,
        "f.sql:2:1: a comment before the first section never ends | ",
    );
}

#[test]
fn ids_that_are_illegal() {
    for (id, why) in [
        ("a-b", "holds `-`, which has a meaning in revision identifiers"),
        ("a@b", "holds `@`, which has a meaning in revision identifiers"),
        ("a+1", "holds `+`, which has a meaning in revision identifiers"),
        ("a:b", "holds `:`, which has a meaning in revision identifiers"),
        ("a b", "holds white space, a comma or a control character"),
        ("heads", "is a word with a meaning in revision identifiers"),
    ] {
        let help = "use letters, digits and _";
        refused(
            format!("-- revision: {id}\n"),
            Code::IllegalId,
            &format!("f.sql:1:14: revision id `{id}` {why} | {help}"),
        );
        let label = with_body(&format!("-- branch_labels: ok, {id}\n"));
        refused(label, Code::IllegalId, &format!("f.sql:2:19: branch label `{id}` {why} | {help}"));
    }
    for id in ["2024_1_contract01", "liberty", "żółw", "a.b", "1"] {
        assert_eq!(read(&format!("-- revision: {id}\n")).revision, id);
    }
}

#[test]
fn sections_that_are_wrong() {
    let invalid = Code::FileInvalidSection;
    refused(
        with_body("\nDROP TABLE t;\n-- migrate:up\n"),
        invalid,
        "f.sql:3:1: text before the first section: it would never run | put the line `-- migrate:up` in front of it",
    );
    refused(
        with_body("  /*!50000 DROP TABLE t */\n"),
        invalid,
        "f.sql:2:3: text before the first section: it would never run | put the line `-- migrate:up` in front of it",
    );
    refused(
        with_body("-- migrate:up\nx;\n-- migrate:up transaction:false\n"),
        invalid,
        "f.sql:4:1: `migrate:up` stands here again, after line 2 | join the two sections, or tell them apart by dialect",
    );
    refused(
        with_body("-- migrate:up dialect:mysql,sqlite\n-- migrate:up dialect:sqlite\n"),
        invalid,
        "f.sql:3:1: `migrate:up dialect:sqlite` stands here again, after line 2 | join the two sections, or tell them apart by dialect",
    );
    refused(
        with_body("-- migrate:upp\n"),
        invalid,
        "f.sql:2:12: unknown direction `upp` | a section is opened by `-- migrate:up` or `-- migrate:down`",
    );
    refused(
        with_body("-- migrate:\n"),
        invalid,
        "f.sql:2:12: section without a direction | a section is opened by `-- migrate:up` or `-- migrate:down`",
    );
    refused(
        with_body("-- migrate:up transacton:false\n"),
        invalid,
        "f.sql:2:15: unknown option `transacton` | did you mean `transaction`?",
    );
    refused(
        with_body("-- migrate:up transaction:no\n"),
        invalid,
        "f.sql:2:15: `no` is neither true nor false | ",
    );
    refused(
        with_body("-- migrate:up  dialect:oracle\n"),
        invalid,
        "f.sql:2:16: unknown dialect `oracle` | dialects are postgresql, mysql, mariadb and sqlite",
    );
    refused(
        with_body("-- migrate:up concurrently\n"),
        invalid,
        "f.sql:2:15: `concurrently` is no option | options are written as `transaction:false`",
    );
    refused(
        with_body("-- migrate:up transaction:true transaction:true\n"),
        invalid,
        "f.sql:2:32: option `transaction` is given twice | ",
    );
    refused(
        with_body("-- migrate:up\nx;\n-- migrate down\ny;\n"),
        invalid,
        "f.sql:4:12: `-- migrate down` opens no section | write it as `-- migrate:down`",
    );
    let file = read(&with_body("-- migrate:up\n-- migrate the rows\n-- migrated: no\n"));
    assert_eq!(file.sections.len(), 1);
}

#[test]
fn dates() {
    for (text, epoch) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T07:12:00Z", 1_795_245_120),
        ("2026-11-21 08:12:00.123456+01:00", 1_795_245_120),
        ("2026-11-21T01:42:00-05:30", 1_795_245_120),
        ("2024-02-29T23:59:59", 1_709_251_199),
        ("2000-03-01T00:00:00z", 951_868_800),
        ("1969-12-31T23:59:59Z", -1),
    ] {
        assert_eq!(Created::parse(text).map(|c| c.epoch()), Some(epoch), "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-11-21",
        "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T07:12:00+1",
        "2026-11-21T07:12:00.Z",
        "2026/11/21T07:12:00Z",
        "2026-11-21T07:12:00Zz",
        "ż026-11-21T07:12:00Z",
    ] {
        assert_eq!(Created::parse(text), None, "{text}");
    }
}

#[test]
fn slugs_are_cut_as_alembic_cuts_them() {
    assert_eq!(slug("Add invoices", 40), "add_invoices");
    assert_eq!(slug("  it's (a) test_case -- Żółw! ", 40), "it_s_a_test_case_żółw");
    assert_eq!(slug("", 40), "");
    assert_eq!(
        slug("This is a really long name that should be truncated here", 40),
        "this_is_a_really_long_name_that_should_"
    );
    assert_eq!(slug("abcdefgh", 8), "abcdefgh");
    assert_eq!(slug("abcdefghi", 8), "abcdefgh_");
}

#[test]
fn names_follow_the_template() {
    let created = Created::parse("2026-01-02T03:04:05Z").expect("a date");
    let name = |template: &str, slug: &str| file_name(template, "ab12", slug, &created);
    assert_eq!(name(DEFAULT_TEMPLATE, "add_x").as_deref(), Ok("20260102_0304_ab12_add_x.sql"));
    assert_eq!(name(DEFAULT_TEMPLATE, "").as_deref(), Ok("20260102_0304_ab12.sql"));
    assert_eq!(name("%(rev)s_%(slug)s", "x").as_deref(), Ok("ab12_x.sql"));
    assert_eq!(
        name("%(year)d/%(month).2d/%(epoch)s-%(second)02d%%_%(minute)d", "x").as_deref(),
        Ok("2026/01/1767323045-05%_4.sql")
    );
    assert_eq!(name("%(revision)s", "x"), Err("unknown token %(revision) in the file template".into()));
    assert_eq!(name("100%", "x"), Err("a lone % in the template `100%`: write it as %%".into()));
    assert_eq!(name("%(slug)d", "x"), Err("%(slug)d: slug is text, write it as %(slug)s".into()));
    assert_eq!(name("%(month)x", "x"), Err("%(month)x is not understood, write it as %(month).2d".into()));
}

#[test]
fn a_new_file() {
    let new = NewRevision {
        revision: "3f2a9c1b7d4e".into(),
        down_revisions: vec!["1c0d".into(), "2e".into()],
        depends_on: vec!["x".into()],
        branch_labels: vec!["billing".into()],
        message: "add\ninvoices".into(),
        created: "2026-11-21T07:12:00Z".into(),
        up: "CREATE TABLE invoices (id bigint);\n\n".into(),
        down: String::new(),
    };
    let text = render(&new);
    assert_eq!(text, include_str!("../testdata/files/new.sql"));
    let file = read(&text);
    assert_eq!((file.down_revisions, file.message.as_str()), (new.down_revisions, "add invoices"));
    assert_eq!(file.sections.len(), 2);
}

#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(token_hash(&read(a)), token_hash(&read(b)), "{a:?} and {b:?} mean the same");
}

#[track_caller]
fn differ(a: &str, b: &str) {
    assert_ne!(token_hash(&read(a)), token_hash(&read(b)), "{a:?} and {b:?} differ");
}

fn up(options: &str, sql: &str) -> String {
    format!("-- revision: a1\n-- down_revision: p, q\n-- migrate:up {options}\n{sql}\n")
}

#[test]
fn identity_leaves_out_what_means_nothing() {
    let plain = up("", "CREATE TABLE t (a int, b text);\nSELECT 'x  y';");
    same(&plain, &up("", "CREATE  TABLE t\r\n(a int,b text) ; -- done\n/* now */ SELECT 'x  y'"));
    same(&plain, &plain.replace("p, q", "q,p"));
    same(&plain, &format!("-- message: m\n-- branch_labels: l\n-- created: 2026-01-01T00:00:00Z\n{plain}"));
    same(&plain, &plain.replace('\n', "\r\n"));
    same(&up("dialect:mysql", "SELECT 1"), &up("dialect:mariadb", "SELECT 1 # one\n;"));
    same(&up("dialect:sqlite,mysql", "x;"), &up("dialect:mysql,sqlite", "x;"));
    same(&up("dialect:postgresql", "DO $$\na\n$$"), &up("dialect:postgresql", "DO $$\r\na\r\n$$"));
    let (a, b) = ("-- migrate:up\nx;\n", "-- migrate:down\ny;\n");
    same(&with_body(&format!("{a}{b}")), &with_body(&format!("{b}{a}")));
    same(
        &up("dialect:mysql", "CREATE PROCEDURE p() BEGIN x; END; y;"),
        &up("dialect:mysql", "DELIMITER //\nCREATE PROCEDURE p() BEGIN x; END//\nDELIMITER ;\ny;"),
    );
}

#[test]
fn identity_counts_what_means_something() {
    let plain = up("", "SELECT 1, 'x y';");
    for other in [
        "SELECT 1, 'x  y';",
        "select 1, 'x y';",
        "SELECT 1, \"x y\";",
        "SELECT 1; SELECT 'x y';",
        "SELECT 11, 'x y';",
    ] {
        differ(&plain, &up("", other));
    }
    differ(&plain, &plain.replace("p, q", "p"));
    differ(&plain, &plain.replace("a1", "a2"));
    differ(&plain, &up("transaction:false", "SELECT 1, 'x y';"));
    differ(&plain, &up("dialect:mysql", "SELECT 1, 'x y';"));
    differ(&plain, &format!("{plain}-- migrate:down\n"));
    differ(&with_body("-- depends_on: b\n"), &with_body("-- down_revision: b\n"));
    differ(&up("dialect:mysql", "/*!80000 x */ y"), &up("dialect:mysql", "/*!50000 x */ y"));
    differ(&up("dialect:mysql", "SELECT /*+ A */ 1"), &up("dialect:mysql", "SELECT /*+ B */ 1"));
    differ(&up("dialect:mysql", "SELECT x'61'"), &up("dialect:mysql", "SELECT x '61'"));
    differ(&up("dialect:postgresql", "SELECT 1 @ -1"), &up("dialect:postgresql", "SELECT 1 @- 1"));
    differ(&up("dialect:postgresql", "SELECT 1e-5"), &up("dialect:postgresql", "SELECT 1e - 5"));
    // Inline data is data: tabs and dashes in it count.
    let copy = |data: &str| up("dialect:postgresql", &format!("COPY t FROM STDIN;\n{data}\n\\.\n"));
    differ(&copy("a\tb"), &copy("a b"));
    differ(&copy("a -- b"), &copy("a -- c"));
    // Without a dialect, whatever is text to one of them counts.
    differ(&up("", "SELECT 1 # a\n;"), &up("", "SELECT 1 # b\n;"));
    differ(&up("", "SELECT 2 --1\n;"), &up("", "SELECT 2 --2\n;"));
    differ(&up("", "SELECT 1 /*! +1 */;"), &up("", "SELECT 1 /*! +2 */;"));
    differ(&up("", "SELECT 'a\\' -- b\n, 'c';"), &up("", "SELECT 'a\\' -- d\n, 'c';"));
    // What cannot be read counts verbatim.
    differ(&up("", "SELECT 1; SELECT 'open"), &up("", "SELECT 1; SELECT  'open"));
}

#[test]
fn a_large_file() {
    let row = "INSERT INTO t VALUES (1, 'some text; and more');\n";
    let text = up("dialect:sqlite", &row.repeat(100_000));
    let file = read(&text);
    let section = file.section(Direction::Up, DialectName::Sqlite).expect("there is one");
    let statements = split(DialectName::Sqlite, file.body(section), section.body_line).expect("splits");
    assert_eq!((statements.len(), statements[99_999].line), (100_000, 100_003));
    assert_eq!(token_hash(&file), token_hash(&read(&text.replace("VALUES (", "VALUES("))));
}

/// Up statements per history, from the histories' own table.
const HISTORIES: &[(&str, &str, usize, usize)] = &[
    ("argilla_server", "postgresql", 24, 72),
    ("argilla_server", "sqlite", 24, 84),
    ("conda_store", "postgresql", 14, 58),
    ("conda_store", "sqlite", 14, 76),
    ("ihatemoney", "postgresql", 13, 45),
    ("ihatemoney", "sqlite", 13, 68),
    ("meltano", "postgresql", 16, 33),
    ("meltano", "sqlite", 16, 30),
    ("magnum", "mariadb", 77, 138),
    ("glance", "mariadb", 29, 88),
];

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[expect(clippy::disallowed_methods, reason = "the histories lie outside of the repository")]
fn histories_of_real_projects() {
    let Ok(corpora) = std::env::var("MIGRATED_CORPORA") else {
        eprintln!("SKIPPED histories_of_real_projects: MIGRATED_CORPORA is not set");
        return;
    };
    for (project, folder, revisions, expected) in HISTORIES {
        let dialect = DialectName::parse(folder).expect("a dialect");
        let folder = std::path::Path::new(&corpora).join("projects").join(project).join(folder);
        let entries = std::fs::read_dir(&folder).expect("the history is there");
        let (mut files, mut statements) = (0, 0);
        for path in entries.map(|entry| entry.expect("readable").path()) {
            let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
            if !name.starts_with(|c: char| c.is_ascii_digit()) || !name.ends_with(".sql") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("readable");
            let file = parse(&name, &bytes).expect("a revision file");
            assert_eq!(name.split('_').nth(1), file.revision.split('_').next(), "{name}");
            for section in &file.sections {
                let found = split(dialect, file.body(section), section.body_line).expect("splits");
                for statement in &found {
                    let line = file.text.lines().nth(statement.line as usize - 1).expect("the line is there");
                    let at = line.char_indices().nth(statement.column as usize - 1).expect("the column").0;
                    assert!(line[at..].starts_with(statement.text.lines().next().unwrap_or("")), "{name}");
                    let kind = classify(dialect, statement.text).kind;
                    assert_ne!(kind, StatementKind::TransactionControl, "{name}: {}", statement.text);
                    assert_ne!(kind, StatementKind::RefusesTransaction, "{name}: {}", statement.text);
                }
                statements += if section.direction == Direction::Up { found.len() } else { 0 };
            }
            files += 1;
        }
        assert_eq!((files, statements), (*revisions, *expected), "{project} {dialect}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(-- (revision|migrate|message|x)?[: ]?[a-z0-9 ,:]{0,12}(\r)?\n|.{0,10}\n){0,12}") {
        let _ = parse("f.sql", &bytes);
        if let Ok(file) = parse("f.sql", text.as_bytes()) {
            token_hash(&file);
            // Bodies and openings follow each other to the end of the file.
            let mut line = 0;
            for section in &file.sections {
                prop_assert!(section.line > line);
                line = section.line;
            }
            prop_assert_eq!(file.sections.last().map_or(text.len(), |s| s.body.end), text.len());
        }
    }

    #[test]
    fn what_is_written_is_read_again(rev in "[a-z0-9_]{1,12}x", down in prop::collection::vec("[a-z0-9]{1,6}x", 0..3), message in "[a-zA-Z0-9:, ]{0,30}", body in "[a-z '\n]{0,40}") {
        let mut down = down;
        down.sort();
        down.dedup();
        let new = NewRevision { revision: rev, down_revisions: down, message, up: body, ..NewRevision::default() };
        let file = parse("f.sql", render(&new).as_bytes()).expect("our own file is read");
        prop_assert_eq!(&file.revision, &new.revision);
        prop_assert_eq!(&file.down_revisions, &new.down_revisions);
        let folded = new.message.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(&file.message, &folded);
        prop_assert_eq!(file.body(&file.sections[0]).trim_end(), new.up.trim_end());
    }
}
