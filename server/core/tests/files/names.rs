//! How new files are named and written.

use crate::read;
use migrated_core::file::{Created, DEFAULT_TEMPLATE, NewRevision, file_name, render, slug};

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
    let name = |template: &str, slug: &str| file_name(template, "ab12", slug, &created, "sql");
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
        dialects: Vec::new(),
    };
    let text = render(&new);
    assert_eq!(text, include_str!("../../testdata/files/new.sql"));
    let file = read(&text);
    assert_eq!((file.down_revisions, file.message.as_str()), (new.down_revisions, "add invoices"));
    assert_eq!(file.sections.len(), 2);
}
