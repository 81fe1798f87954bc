//! The edges of runs: each is passed exactly where it belongs, nothing durable happens without one beside it, and the
//! page for users lists all of them.

use migrated_target::edge::Edge;
use migrated_tidy::{Source, repository, verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Where each edge is passed, and how often in that file.
const PASSED: &[(Edge, &[(&str, usize)])] = &[
    (Edge::Asked, &[("engine/src/run/accept.rs", 1)]),
    (Edge::Queued, &[("engine/src/run/accept.rs", 1)]),
    (Edge::Turn, &[("engine/src/run/drive.rs", 1)]),
    (Edge::Locked, &[("engine/src/run/drive.rs", 1)]),
    (Edge::StepsStored, &[("engine/src/run/steps.rs", 1)]),
    (Edge::PlanStored, &[("engine/src/run/replicas/go_on.rs", 1), ("engine/src/run/steps.rs", 1)]),
    (Edge::Connected, &[("engine/src/run/sessions.rs", 1)]),
    (Edge::BackendStored, &[("engine/src/run/sessions.rs", 1)]),
    // A transaction a step, and one for the run or its rehearsal, which may be in a copy.
    (
        Edge::StepStarted,
        &[
            ("engine/src/run/rehearse.rs", 1),
            ("engine/src/run/rehearse_copy.rs", 1),
            ("engine/src/run/steps.rs", 2),
        ],
    ),
    (
        Edge::Compared,
        &[
            ("target/src/mysql/journalled.rs", 1),
            ("target/src/postgres/journalled.rs", 1),
            ("target/src/postgres/transaction.rs", 1),
            ("target/src/sqlite/apply.rs", 1),
            ("target/src/sqlite/journalled.rs", 1),
            ("target/src/sqlite/whole.rs", 1),
        ],
    ),
    (
        Edge::Decided,
        &[
            ("target/src/mysql/resume.rs", 1),
            ("target/src/postgres/resume.rs", 1),
            ("target/src/sqlite/journalled.rs", 1),
        ],
    ),
    (Edge::Corrected, &[("target/src/mysql/resume.rs", 1), ("target/src/postgres/resume.rs", 1)]),
    (Edge::JournalMade, &[("target/src/mysql/journalled.rs", 1), ("target/src/postgres/journalled.rs", 1)]),
    (
        Edge::IntentWritten,
        &[
            ("target/src/mysql/alone.rs", 1),
            ("target/src/postgres/alone.rs", 1),
            ("target/src/sqlite/journalled.rs", 1),
        ],
    ),
    (
        Edge::StatementSent,
        &[
            ("target/src/mysql/statement.rs", 1),
            // COPY goes another way.
            ("target/src/postgres/statement.rs", 2),
            ("target/src/sqlite/statement.rs", 1),
        ],
    ),
    (
        Edge::StatementDone,
        &[
            ("target/src/mysql/statement.rs", 1),
            ("target/src/postgres/statement.rs", 1),
            ("target/src/sqlite/statement.rs", 1),
            ("target/src/sqlite/whole.rs", 1),
        ],
    ),
    (
        Edge::DoneWritten,
        &[
            ("target/src/mysql/alone.rs", 1),
            ("target/src/mysql/transaction.rs", 1),
            ("target/src/postgres/alone.rs", 1),
            ("target/src/postgres/journalled.rs", 1),
            ("target/src/sqlite/journalled.rs", 2),
        ],
    ),
    (
        Edge::RowsWritten,
        &[
            ("target/src/mysql/transaction.rs", 1),
            ("target/src/postgres/transaction.rs", 1),
            ("target/src/sqlite/apply.rs", 1),
            ("target/src/sqlite/journalled.rs", 1),
            ("target/src/sqlite/whole.rs", 1),
        ],
    ),
    (
        Edge::CommitSent,
        &[
            // Of a statement with its DONE, and of the last one with the version rows.
            ("target/src/mysql/transaction.rs", 2),
            ("target/src/postgres/journalled.rs", 1),
            ("target/src/postgres/transaction.rs", 1),
            ("target/src/sqlite/transaction.rs", 2),
        ],
    ),
    (
        Edge::Committed,
        &[
            ("target/src/mysql/transaction.rs", 1),
            ("target/src/postgres/transaction.rs", 1),
            ("target/src/sqlite/apply.rs", 1),
            ("target/src/sqlite/journalled.rs", 1),
            ("target/src/sqlite/transaction.rs", 1),
            ("target/src/sqlite/whole.rs", 1),
        ],
    ),
    (Edge::AttemptOver, &[("engine/src/run/step.rs", 1)]),
    (Edge::NotesStored, &[("engine/src/run/late_end.rs", 1), ("engine/src/run/log/write.rs", 1)]),
    (
        Edge::StepDone,
        &[
            ("engine/src/run/rehearse.rs", 1),
            ("engine/src/run/rehearse_copy.rs", 1),
            ("engine/src/run/steps.rs", 1),
        ],
    ),
    (Edge::EventsStored, &[("engine/src/run/log/write.rs", 1)]),
    (Edge::EventsShown, &[("engine/src/run/log/write.rs", 1)]),
    (Edge::EventsSent, &[("engine/src/run/log.rs", 1)]),
    (Edge::CancelNoted, &[("engine/src/run/cancel.rs", 1)]),
    (Edge::Worked, &[("engine/src/run/drive.rs", 1)]),
    (Edge::Unlocked, &[("engine/src/run/drive.rs", 1)]),
    (Edge::AppliedStored, &[("engine/src/run/finish.rs", 1)]),
    (
        Edge::EndStored,
        &[
            ("engine/src/run/finish.rs", 1),
            ("engine/src/run/late_end.rs", 1),
            ("engine/src/run/replicas/take.rs", 1),
        ],
    ),
    (
        Edge::EndShown,
        &[
            ("engine/src/run/finish.rs", 1),
            ("engine/src/run/late_end.rs", 1),
            ("engine/src/run/replicas/take.rs", 1),
        ],
    ),
    (Edge::OrphansGone, &[("engine/src/reconcile.rs", 1), ("engine/src/run/replicas/take.rs", 1)]),
    (Edge::FatesStored, &[("engine/src/reconcile.rs", 1)]),
    (Edge::SettledStored, &[("engine/src/reconcile.rs", 1)]),
    (Edge::SettledShown, &[("engine/src/reconcile.rs", 1)]),
];

/// What changes something that outlives the daemon: in the store, in the target's journal, in the target.
const ACTS: &[&str] = &[
    ".create_run(",
    ".put_steps(",
    ".update_run(",
    ".put_backend(",
    ".note_steps(",
    ".append_events(",
    ".flush_applied(",
    ".try_lock(",
    "lock.release()",
    "target.connect(",
    ".end_backend(",
    "journal::insert(",
    "journal::done(",
    "journal::forget(",
    "journal::forget_from(",
    "journal::create(",
    "\"COMMIT\"",
    "{COMMIT}",
    ";COMMIT",
];

/// Acts whose edge stands further away, or that need none: file, a part of the line, and why.
const EXCUSED: &[(&str, &str, &str)] = &[
    (
        "engine/src/run/accept.rs",
        "create_run(&record).await? {",
        "a run that ends as it begins touches no target",
    ),
    (
        "engine/src/run/watch.rs",
        ".append_events(",
        "completes a log that a death left; the next watcher would",
    ),
    (
        "engine/src/run/step/settle.rs",
        ".end_backend(",
        "ends a session before its transaction is asked about",
    ),
    ("engine/src/run/lock.rs", ".try_lock(", "`locked` stands behind its call, in drive.rs"),
    ("engine/src/reconcile.rs", ".note_steps(", "`fates-stored` stands behind its call"),
    ("engine/src/reconcile.rs", ".end_backend(", "`orphans-gone` stands behind the loop"),
    (
        "engine/src/reconcile.rs",
        ".flush_applied(",
        "between `fates-stored` and `settled-stored`, and done again",
    ),
    (
        "target/src/postgres/alone.rs",
        "journal::forget(",
        "behind a statement that failed: decided again by the next run",
    ),
    ("target/src/postgres/journalled.rs", "journal::create(", "`journal-made` stands behind its call"),
    (
        "target/src/postgres/journalled.rs",
        "DROP TABLE {table};COMMIT",
        "an empty journal means what none means",
    ),
    ("target/src/mysql/executed.rs", "", "statements of a client: their tests have deaths of their own"),
    ("target/src/mysql/journalled.rs", "journal::done(", "after a stop: where it fails the next run decides"),
    (
        "target/src/mysql/journalled.rs",
        "journal::forget_from(",
        "after a stop: where it fails the next run decides",
    ),
    ("target/src/sqlite/lock.rs", ".try_lock(", "the lock of the operating system that ours is made of"),
    ("target/src/sqlite/mod.rs", "COMMIT", "makes an empty version table, once"),
    ("target/src/sqlite/standing.rs", "COMMIT", "the end of a transaction that only reads"),
    (
        "target/src/sqlite/transaction.rs",
        "COMMIT",
        "inside of what `commit-sent` and the edge behind it stand around",
    ),
    ("target/src/sqlite/whole.rs", ";COMMIT", "composes the message that the edges of this file follow"),
];

fn below(part: &str) -> Vec<Source> {
    Source::below(&format!("server/{part}"))
}

fn sources() -> Vec<Source> {
    let all = ["engine/src", "target/src"].into_iter().flat_map(below);
    all.filter(|source| !source.path.ends_with("/edge.rs")).collect()
}

#[test]
fn every_edge_is_passed_where_it_belongs() {
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for source in sources() {
        for (edge, _) in PASSED {
            let name = format!("Edge::{edge:?}");
            let passes = |line: &str| {
                line.match_indices(&name)
                    .any(|(at, _)| !line[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
            };
            let count = source.lines_where(passes).len();
            if count > 0 {
                let path = source.path.trim_start_matches("server/").to_owned();
                found.insert((format!("{edge:?}"), path), count);
            }
        }
    }
    let wanted: BTreeMap<(String, String), usize> = PASSED
        .iter()
        .flat_map(|(edge, places)| {
            places.iter().map(move |(path, count)| ((format!("{edge:?}"), (*path).to_owned()), *count))
        })
        .collect();
    let mut broken = Vec::new();
    for ((edge, path), count) in &wanted {
        let is = found.get(&(edge.clone(), path.clone())).copied().unwrap_or(0);
        if is != *count {
            broken.push(format!("{path} passes {edge} {is} times, not {count}"));
        }
    }
    let more = found.keys().filter(|key| !wanted.contains_key(*key));
    broken.extend(more.map(|(edge, path)| format!("{path} passes {edge}, which is not expected there")));
    let listed: Vec<Edge> = PASSED.iter().map(|(edge, _)| *edge).collect();
    let lost = Edge::ALL.iter().filter(|edge| !listed.contains(edge));
    broken.extend(lost.map(|edge| format!("{edge:?} stands in no row of this table")));
    verdict("An edge is passed where this table says, and nowhere else:", &broken);
}

#[test]
fn nothing_durable_happens_without_an_edge_beside_it() {
    let (mut broken, mut needed) = (Vec::new(), BTreeSet::new());
    for source in sources() {
        let path = source.path.trim_start_matches("server/").to_owned();
        let concerned = path.starts_with("engine/src/run/") || path == "engine/src/reconcile.rs";
        let target = ["postgres", "mysql", "sqlite"].iter().any(|engine| {
            let file = path.strip_prefix(&format!("target/src/{engine}/"));
            file.is_some_and(|file| !file.contains('/'))
        });
        if !concerned && !target {
            continue;
        }
        let edges = numbers(&source, |line| line.contains("Edge::") || line.contains("edge("));
        for act in ACTS {
            for line in source.lines_where(|line| line.contains(act)) {
                let (at, text) = numbered(&line);
                if edges.iter().any(|edge| edge.abs_diff(at) <= 14) {
                    continue;
                }
                match EXCUSED.iter().position(|(file, part, _)| *file == path && text.contains(part)) {
                    Some(excuse) => _ = needed.insert(excuse),
                    None => broken.push(line),
                }
            }
        }
    }
    let stale = (0..EXCUSED.len()).filter(|excuse| !needed.contains(excuse));
    broken.extend(stale.map(|at| format!("{}: `{}` needs no excuse any more", EXCUSED[at].0, EXCUSED[at].1)));
    verdict(
        "A daemon may die behind everything that outlives it, so an edge stands there (edge.rs):",
        &broken,
    );
}

fn numbers(source: &Source, which: impl Fn(&str) -> bool) -> Vec<usize> {
    source.lines_where(which).iter().map(|line| numbered(line).0).collect()
}

/// The number and the text of a line `path:number: text`.
fn numbered(line: &str) -> (usize, &str) {
    let mut parts = line.splitn(3, ':');
    let number = parts.nth(1).and_then(|number| number.parse().ok()).unwrap_or_default();
    (number, parts.next().unwrap_or_default())
}

#[test]
fn the_page_for_users_lists_every_edge() {
    let page = fs::read_to_string(repository().join("docs/reliability.md")).expect("docs/reliability.md");
    let row = |edge: &Edge| format!("| `{}` | {} |", edge.name(), edge.what().trim());
    let missing = Edge::ALL.iter().map(row).filter(|row| !page.contains(row.as_str()));
    verdict(
        "docs/reliability.md lists every edge as edge.rs describes it; missing:",
        &missing.collect::<Vec<_>>(),
    );
}
