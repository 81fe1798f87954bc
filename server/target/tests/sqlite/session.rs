//! How a session looks, and what a revision can leave in it.

use crate::bed::{Bed, Told, first, next};
use std::process::Command;

#[tokio::test]
async fn foreign_keys_are_off_unless_the_target_says_otherwise() {
    for on in [false, true] {
        let mut bed = Bed::new();
        bed.spec.sqlite_foreign_keys = on;
        bed.apply(&first("a", &["CREATE TABLE t AS SELECT * FROM pragma_foreign_keys"]))
            .await
            .expect("applies");
        assert_eq!(bed.shell("SELECT * FROM t"), if on { "1" } else { "0" });
    }
}

#[tokio::test]
async fn what_is_left_in_it_is_noticed() {
    for sql in [
        "PRAGMA cache_size = 77",
        "PRAGMA case_sensitive_like = ON",
        "PRAGMA recursive_triggers = ON",
        "ATTACH ':memory:' AS other",
        "CREATE TEMP TABLE t(a)",
        "CREATE TABLE temp.t(a)",
        "CREATE TEMPORARY VIEW v AS SELECT 1",
    ] {
        let bed = Bed::new();
        let mut session = bed.session().await;
        session.apply(&first("a", &[sql]), &Told::default()).await.expect(sql);
        assert!(!session.reset().await.expect("looks"), "{sql}");
        session.close().await;
    }
}

#[tokio::test]
async fn what_is_taken_back_is_no_trace() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let work = first(
        "a",
        &[
            "PRAGMA recursive_triggers = ON",
            "PRAGMA recursive_triggers = OFF",
            "CREATE TEMP TABLE t(a)",
            "DROP TABLE t",
            "CREATE TABLE u(a)",
        ],
    );
    session.apply(&work, &Told::default()).await.expect("applies");
    assert!(session.reset().await.expect("looks"));
    session.apply(&next("a", "b", &["CREATE TABLE v(a)"]), &Told::default()).await.expect("applies");
    assert!(session.reset().await.expect("looks"));
    session.close().await;
}

#[tokio::test]
async fn an_open_transaction_of_the_run_is_no_clean_session() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    session.begin_run().await.expect("begins");
    assert!(!session.reset().await.expect("known"));
    session.close().await;
}

#[tokio::test]
async fn has_a_name_of_its_own() {
    let bed = Bed::new();
    let (one, two) = (bed.session().await, bed.session().await);
    assert_eq!(one.backend().application, "migrated:r1");
    assert_ne!(one.backend().start, two.backend().start);
    assert_eq!(one.backend().pid, i64::from(std::process::id()));
}

/// Rights are those of the user, so this one runs as nobody: root may do everything.
#[test]
fn a_read_only_file_lacks_rights() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        // Already somebody whose rights are checked.
        return check_rights();
    }
    let bed = Bed::new();
    bed.shell("CREATE TABLE t(a)");
    for path in [bed.folder.path(), bed.path.as_path()] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
    }
    // The test binary may stand where nobody can go, so the copy stands beside the file.
    let binary = bed.folder.path().join("again");
    std::fs::copy(std::env::current_exe().expect("this binary"), &binary).expect("a copy");
    let output = Command::new(&binary)
        .args(["--exact", "session::plays_nobody", "--ignored"])
        .env("SQLITE_TEST_FILE", &bed.path)
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output()
        .expect("starts again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "played by a process that another test starts"]
fn plays_nobody() {
    check_rights();
}

fn check_rights() {
    use std::os::unix::fs::PermissionsExt;
    let mut bed = Bed::new();
    match std::env::var("SQLITE_TEST_FILE") {
        Ok(file) => bed.path = file.into(),
        Err(_) => {
            bed.shell("CREATE TABLE t(a)");
            std::fs::set_permissions(&bed.path, PermissionsExt::from_mode(0o444)).expect("ours");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let missing = bed.standing().await.missing_rights;
        assert!(missing.iter().any(|right| right.starts_with("write to the file")), "{missing:?}");
        let fault = bed.apply(&first("a", &["CREATE TABLE u(a)"])).await.expect_err("read-only");
        assert_eq!(fault.error.code, migrated_core::Code::TargetPermission);
    });
}
