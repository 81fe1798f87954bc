//! What a file must not be, with the place and what would help.

use crate::{read, refused, with_body};
use migrated_core::Code;
use migrated_core::file::parse;

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
    let error = parse("x/y.yaml", b"-- revision: a1\n-- migrate:up\n").expect_err("another form");
    assert_eq!(error.code, Code::FileInvalidSection);
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
