//! A store that cannot be written.

use crate::harness::{Engine, Leaves, Project, on_each};
use std::io::Write as _;
use std::process::Command;

/// Whether this user may have a file system of its own for a process.
fn may_mount() -> bool {
    let mut mount = Command::new("unshare");
    let mount = mount.args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "."]);
    mount.current_dir(std::env::temp_dir()).output().is_ok_and(|answer| answer.status.success())
}

/// Puts the state of the project's daemon onto a disk of 3 MB that is the daemon's alone.
const SMALL_DISK: &str = "#!/bin/sh\necho $$ > daemon.pid\nexec unshare --mount --map-root-user sh -c '\
                          mount -t tmpfs -o size=3m tmpfs .migrated && exec migrated \"$@\"' sh \"$@\"\n";

/// Lets the files of the project's daemon grow to 3 MB each (512 bytes are the unit). What would grow beyond is refused,
/// as a full disk refuses it.
const SMALL_FILES: &str =
    "#!/bin/sh\necho $$ > daemon.pid\ntrap '' XFSZ\nulimit -f 6144\nexec migrated \"$@\"\n";

fn start_daemons_by(project: &Project, script: &str) {
    let wrapper = project.program("small.sh", script);
    let url = project.database.url();
    let binary = wrapper.display();
    project.configure(&format!(
        "project = \"shop\"\ndatabase_url = \"{url}\"\n\n[embedded]\nbinary = \"{binary}\"\n"
    ));
}

/// Text that no compression makes small.
fn noise(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text
}

/// A revision that the store has no room for is refused; a smaller one goes through, with the same daemon.
#[track_caller]
fn full(project: &Project, name: &str) {
    project.three();
    project.ctl("upgrade b2").succeeds();
    let daemon = project.daemon();
    let up = format!("CREATE TABLE t_d4 (id integer);\n-- {}", noise(6_000_000));
    project.revision("d4", "c3", &up, "");
    project.fails("upgrade head", 1, "STORE_FULL", Leaves::Nothing, name);
    project.revision("d4", "c3", "CREATE TABLE t_d4 (id integer);", "");
    project.ctl("upgrade head").succeeds();
    project.ctl("current").succeeds().says("d4 (head)");
    assert_eq!(project.daemon(), daemon, "a full disk ends no daemon");
}

#[test]
fn a_full_disk_under_the_store() {
    if !may_mount() {
        // The test below needs no right, and meets the same refusal in the same place.
        let stands_in = "`a_store_that_may_not_grow` stands in";
        let _ = writeln!(std::io::stderr(), "\n*** no file system can be mounted here: {stands_in} ***\n");
        return;
    }
    on_each(&[Engine::Sqlite], |project| {
        start_daemons_by(project, SMALL_DISK);
        full(project, "store_full");
    });
}

#[test]
fn a_store_that_may_not_grow() {
    on_each(&[Engine::Sqlite], |project| {
        start_daemons_by(project, SMALL_FILES);
        full(project, "store_may_not_grow");
    });
}
