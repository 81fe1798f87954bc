//! Revisions and their graph.

use super::recorded::list;
use crate::output::{log_entry, one_line, revision_line, tree};
use migrated_proto::v1 as pb;

fn revision(id: &str, parents: &[&str], marks: &[&str]) -> pb::Revision {
    let has = |mark: &str| marks.contains(&mark);
    pb::Revision {
        id: id.into(),
        down_revisions: list(parents),
        message: format!("message of {id}\nsecond line"),
        path: format!("migrations/{id}.sql"),
        created: "2026-11-21T07:12:00Z".into(),
        labels: if has("label") { list(&["net"]) } else { Vec::new() },
        depends_on: if has("depends") { list(&["d1", "d2"]) } else { Vec::new() },
        children: if has("branch") { list(&["c1", "c2"]) } else { Vec::new() },
        is_head: has("head"),
        is_effective_head: has("effective"),
        is_base: parents.is_empty(),
        is_branch_point: has("branch"),
        is_merge_point: parents.len() > 1,
        is_current: has("current"),
        ..pb::Revision::default()
    }
}

#[test]
fn revisions_are_written_as_alembic_writes_them() {
    let all = [
        revision("m1", &["a1", "b1"], &["head", "current"]),
        revision("e1", &["a0"], &["head", "effective"]),
        revision("a1", &["a0"], &["label", "depends"]),
        revision("a0", &[], &["branch"]),
    ];
    let mut text = String::new();
    for r in &all {
        text.push_str(&format!("{}\n{}\n", one_line(r), revision_line(r, true, false, false)));
    }
    all.iter().for_each(|r| text.push_str(&log_entry(r)));
    insta::assert_snapshot!(text);
}

#[test]
fn graphs_are_drawn() {
    let graphs = [
        ("line", vec![revision("c", &["b"], &[]), revision("b", &["a"], &[]), revision("a", &[], &[])]),
        (
            "diamond",
            vec![
                revision("d", &["b", "c"], &["head"]),
                revision("c", &["a"], &[]),
                revision("b", &["a"], &[]),
                revision("a", &[], &["branch"]),
            ],
        ),
        (
            "two roots, three heads",
            vec![
                revision("h1", &["p"], &["head"]),
                revision("h2", &["p"], &["head"]),
                revision("q", &[], &["head"]),
                revision("h3", &["p"], &["head"]),
                revision("p", &[], &["branch"]),
            ],
        ),
        (
            "wide merge over a line",
            vec![
                revision("m", &["x", "y", "z"], &["head"]),
                revision("y", &["r"], &[]),
                revision("z", &["s"], &[]),
                revision("x", &["r"], &[]),
                revision("s", &["r"], &[]),
                revision("r", &[], &["branch"]),
            ],
        ),
        ("a part", vec![revision("k", &["j"], &["head"])]),
    ];
    let mut text = String::new();
    for (name, graph) in &graphs {
        for unicode in [true, false] {
            text.push_str(&format!("{name}\n{}\n\n", tree(graph, unicode).join("\n")));
        }
    }
    insta::assert_snapshot!(text);
}
