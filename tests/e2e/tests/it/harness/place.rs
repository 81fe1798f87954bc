//! What a failure must leave alone: the target and the revision store at one moment.

use super::{Answer, Project};
use rustix::process::Pid;
use std::process::Command;

/// Target and store at one moment: everything that a refused command may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Schema and rows, the version table among them, as the engine's own tool writes them.
    pub(crate) target: String,
    /// The store's runs, one a line: kind, goal, state, rows before and after.
    pub(crate) runs: Vec<String>,
    /// The store's published graph and what it knows to be applied.
    pub(crate) graph: String,
}

/// What a failing command may leave in the store besides a target that is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Nothing: it was refused before there was a run.
    Nothing,
    /// One more run, in that state.
    Run(&'static str),
}

const RUNS: &str =
    "SELECT kind, goal, state, rows_before, rows_after, steps_done FROM run ORDER BY created_at, id";

const GRAPH: &str = "SELECT 'published', p.project, p.version, e.path, hex(b.hash) FROM published p \
     JOIN manifest_entry e ON e.manifest = p.manifest JOIN body b ON b.id = e.body ORDER BY 2, 4;\n\
     SELECT 'applied', target_key, revision, hex(token_hash), run FROM applied ORDER BY 2, 3;\n\
     SELECT 'audit', action, project, detail FROM audit ORDER BY id";

impl Project {
    /// How target and store stand, read past the daemon.
    pub(crate) fn place(&self) -> Place {
        let runs = self.store(RUNS).lines().map(str::to_owned).collect();
        Place { target: self.database.dump(), runs, graph: self.store(GRAPH) }
    }

    /// Asks the store's file itself; empty where there is none.
    pub(crate) fn store(&self, sql: &str) -> String {
        let file = self.path(".migrated/store.db");
        let mut shell = match self.daemon().filter(|pid| has_own_files(*pid)) {
            Some(pid) => {
                let mut shell = Command::new("nsenter");
                shell.args(["--preserve-credentials", "--user", "--mount", "--target"]);
                shell.arg(pid.as_raw_nonzero().to_string()).arg("sqlite3");
                shell
            }
            None if !file.exists() => return String::new(),
            None => Command::new("sqlite3"),
        };
        let answer = shell.args(["-bail", "-cmd", ".timeout 20000"]).arg(file).arg(sql).output();
        let answer = answer.expect("sqlite3 is installed");
        assert!(answer.status.success(), "{sql}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }

    /// Runs a command that must fail: with that exit code and reason, as it was recorded under that name, with a next
    /// step, and with target and store as they were but for what it `leaves`.
    #[track_caller]
    pub(crate) fn fails(&self, words: &str, exit: i32, reason: &str, leaves: Leaves, name: &str) -> Answer {
        let before = self.place();
        let answer = self.ctl(words).exits(exit).is(reason).recorded(name);
        before.is_kept(&self.place(), leaves);
        for line in ["\nstate: ", "\nnext: "] {
            assert!(answer.stderr.contains(line), "no line{line}\n{}", answer.story());
        }
        answer
    }

    /// The same for a command that is refused before there is a run.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &str, exit: i32, reason: &str, name: &str) -> Answer {
        self.fails(words, exit, reason, Leaves::Nothing, name)
    }
}

/// Whether a process sees another file system than we do.
fn has_own_files(pid: Pid) -> bool {
    let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
    of(&pid.as_raw_nonzero().to_string()) != of("self")
}

impl Place {
    /// Fails the test unless `after` is this place, with what a failing command `leaves`.
    #[track_caller]
    pub(crate) fn is_kept(&self, after: &Place, leaves: Leaves) {
        let changed = difference(&self.target, &after.target);
        assert!(changed.is_empty(), "the target is as it was, but for\n{changed}");
        assert_eq!(after.graph, self.graph, "the published graph and what is applied are as they were");
        self.runs_grew(after, leaves);
    }

    /// Fails the test unless the runs are those of this place and what a failing command `leaves`.
    #[track_caller]
    pub(crate) fn runs_grew(&self, after: &Place, leaves: Leaves) {
        let (old, new) = after.runs.split_at(self.runs.len().min(after.runs.len()));
        assert_eq!(old, self.runs, "earlier runs are as they were");
        let states: Vec<&str> = new.iter().filter_map(|run| run.split('|').nth(2)).collect();
        match leaves {
            Leaves::Nothing => assert!(new.is_empty(), "no run is left behind: {new:?}"),
            Leaves::Run(state) => assert_eq!(states, [state], "one run is left: {new:?}"),
        }
    }
}

/// The lines that only one of two texts has; where there are none but in another order, all.
fn difference(before: &str, after: &str) -> String {
    let lacks = |text: &str, line: &str| !text.lines().any(|other| other == line);
    let gone = before.lines().filter(|line| lacks(after, line)).map(|line| format!("-{line}\n"));
    let new = after.lines().filter(|line| lacks(before, line)).map(|line| format!("+{line}\n"));
    let lines: String = gone.chain(new).collect();
    if lines.is_empty() && before != after { format!("{before}became\n{after}") } else { lines }
}
