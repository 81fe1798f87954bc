//! A store that cannot be written.

use crate::harness::{Engine, Project, on_each};
use std::io::Write as _;
use std::process::Command;

/// Whether this user may have a file system of its own for a process.
fn may_mount() -> bool {
    let mut try_it = Command::new("unshare");
    let output = try_it.args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "."]);
    let may = output.current_dir(std::env::temp_dir()).output().is_ok_and(|answer| answer.status.success());
    if !may {
        // Past the test harness' capturing, which would show it for failed tests only.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** SKIPPED: no file system of one's own can be mounted here ***\n"
        );
    }
    may
}

/// Puts the state of the project's daemon onto a disk of 3 MB that is the daemon's alone.
fn small_disk(project: &Project) {
    let script = "#!/bin/sh\necho $$ > daemon.pid\nexec unshare --mount --map-root-user sh -c '\
                  mount -t tmpfs -o size=3m tmpfs .migrated && exec migrated \"$@\"' sh \"$@\"\n";
    let wrapper = project.program("small_disk.sh", script);
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

#[test]
fn a_full_disk_under_the_store() {
    if !may_mount() {
        return;
    }
    on_each(&[Engine::Sqlite], |project| {
        small_disk(project);
        project.three();
        project.ctl("upgrade b2").succeeds();
        let before = project.state();
        let up = format!("CREATE TABLE t_d4 (id integer);\n-- {}", noise(6_000_000));
        project.revision("d4", "c3", &up, "");
        project.ctl("upgrade head").exits(1).is("STORE_FULL").recorded("store_full");
        assert_eq!(project.state(), before);
        project.revision("d4", "c3", "CREATE TABLE t_d4 (id integer);", "");
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("d4 (head)");
    });
}
