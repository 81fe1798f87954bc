//! Plans on graphs small enough to see: what runs, and where the version table ends.

use migrated_core::revision::{Node, Plan, RevisionError, RevisionGraph, RowChange};

/// Reads `a, a->b, b->c+x !dep #label`: parents before the arrow (joined by `+`), then the revision, what it
/// depends on after `!`, its label after `#`.
pub(crate) fn graph(text: &str) -> RevisionGraph {
    RevisionGraph::new(nodes(text)).expect("a valid graph")
}

pub(crate) fn nodes(text: &str) -> Vec<Node> {
    text.split(", ")
        .map(|item| {
            let mut words = item.split(' ');
            let link = words.next().expect("a revision");
            let mut node = match link.split_once("->") {
                Some((parents, id)) => Node::new(id, parents.split('+')),
                None => Node::new(link, Vec::<String>::new()),
            };
            for word in words {
                match word.split_at(1) {
                    ("!", name) => node.depends_on.push(name.to_owned()),
                    ("#", label) => node.branch_labels.push(label.to_owned()),
                    _ => panic!("`{word}` is neither !dependency nor #label"),
                }
            }
            node
        })
        .collect()
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn told(plan: Result<Plan, RevisionError>) -> String {
    match plan {
        Ok(plan) => {
            let ran: Vec<&str> = plan.steps.iter().map(|step| step.revision.as_str()).collect();
            format!("{} => {}", ran.join(" "), plan.rows_after().join(" ")).trim().to_owned()
        }
        Err(error) => error.code().reason().to_owned(),
    }
}

#[track_caller]
fn check_upgrade(text: &str, rows: &str, target: &str, expected: &str) {
    assert_eq!(
        told(graph(text).plan_upgrade(&words(rows), target)),
        expected,
        "upgrade {target} from {rows}"
    );
}

#[track_caller]
fn check_downgrade(text: &str, rows: &str, target: &str, expected: &str) {
    assert_eq!(
        told(graph(text).plan_downgrade(&words(rows), target)),
        expected,
        "downgrade {target} from {rows}"
    );
}

#[track_caller]
fn check_stamp(text: &str, rows: &str, targets: &str, expected: &str) {
    let plan = graph(text).plan_stamp(&words(rows), &words(targets), false);
    let after = plan.map_or_else(|error| error.code().reason().to_owned(), |plan| plan.rows_after.join(" "));
    assert_eq!(after, expected, "stamp {targets} on {rows}");
}

const LINE: &str = "a, a->b, b->c, c->d, d->e";
const FORK: &str = "a, a->b, b->c1 #left, b->c2 #right, c1->d1, c2->d2";
const MERGED: &str = "a, a->b, b->c1, b->c2 #right, c1->d1, c2->d2, d1+d2->e, e->f";
const DEPENDENT: &str = "a1 #net, a1->a2, b1 #app, b1->b2 !a2, b2->b3";

#[test]
fn up_a_line() {
    check_upgrade(LINE, "", "c", "a b c => c");
    check_upgrade(LINE, "c", "head", "d e => e");
    check_upgrade(LINE, "a", "+2", "b c => c");
    check_upgrade(LINE, "a", "b+2", "b c d => d");
    check_upgrade(LINE, "e", "b", "=> e");
    check_upgrade(LINE, "b", "base", "=> b");
    check_upgrade(LINE, "b", "+5", "RELATIVE_OUT_OF_RANGE");
    check_upgrade(LINE, "b", "-2", "RELATIVE_OUT_OF_RANGE");
    check_upgrade(LINE, "b", "a:c", "RANGE_NOT_ALLOWED");
}

#[test]
fn down_a_line() {
    check_downgrade(LINE, "e", "c", "e d => c");
    check_downgrade(LINE, "e", "-3", "e d c => b");
    check_downgrade(LINE, "c", "base", "c b a =>");
    check_downgrade(LINE, "b", "-3", "RELATIVE_OUT_OF_RANGE");
    check_downgrade(LINE, "b", "d", "NOT_AN_ANCESTOR");
    check_downgrade(LINE, "b", "b", "=> b");
}

#[test]
fn forks() {
    check_upgrade(FORK, "a", "heads", "b c2 d2 c1 d1 => d1 d2");
    check_upgrade(FORK, "a", "head", "MULTIPLE_HEADS");
    check_upgrade(FORK, "c1", "right@+1", "c2 => c1 c2");
    check_upgrade(FORK, "c1 c2", "+1", "AMBIGUOUS_RELATIVE");
    check_upgrade(FORK, "b", "+1", "AMBIGUOUS_WALK");
    check_downgrade(FORK, "d1 d2", "a", "d1 c1 d2 c2 b => a");
    check_downgrade(FORK, "c1 d2", "left@b", "c1 => d2");
}

#[test]
fn a_label_keeps_sister_branches() {
    check_downgrade(FORK, "d1 d2", "left@base", "d1 c1 => d2");
    check_downgrade(FORK, "d1 d2", "left@a", "INVALID_DOWNGRADE_TARGET");
    check_downgrade(FORK, "d1", "left@base", "d1 c1 b a =>");
    check_downgrade(FORK, "d1 d2", "left@head", "=> d1 d2");
    check_downgrade(FORK, "d1 d2", "left@c2", "NOT_IN_BRANCH");
    check_downgrade(LINE, "e", "nosuch@base", "NO_SUCH_LABEL");
}

#[test]
fn merges() {
    check_upgrade(MERGED, "b", "f", "c2 d2 c1 d1 e f => f");
    check_downgrade(MERGED, "f", "b", "f e d1 c1 d2 c2 => b");
    check_downgrade(MERGED, "e", "-1", "AMBIGUOUS_WALK");
    check_downgrade(MERGED, "e", "d1", "e => d1 d2");
}

#[test]
fn dependencies() {
    check_upgrade(DEPENDENT, "", "b2", "a1 a2 b1 b2 => b2");
    check_downgrade(DEPENDENT, "b3", "b1", "b3 b2 => a2 b1");
    check_downgrade(DEPENDENT, "b3", "a1", "b3 b2 a2 => a1 b1");
    check_downgrade(DEPENDENT, "b3", "app@base", "b3 b2 b1 => a2");
}

#[test]
fn rows_stay_canonical_where_alembic_stumbles() {
    // m has three rows' worth of parents, one of which the others imply: Alembic dies of a KeyError.
    check_upgrade("a, a->b, c, b+c->m !a", "b c", "m", "m => m");
    // Alembic leaves a row for a1, which a2 implies.
    check_downgrade("a1, a1->a2, a2->a3 !a1, z", "a3 z", "a2", "a3 => a2 z");
}

#[test]
fn several_rows_need_a_branch() {
    check_downgrade(FORK, "d1 d2", "-1", "AMBIGUOUS_RELATIVE");
    check_downgrade(FORK, "d1 d2", "left@-1", "d1 => c1 d2");
}

#[test]
fn stamps() {
    check_stamp(LINE, "", "c", "c");
    check_stamp(LINE, "d", "base", "");
    check_stamp(LINE, "d", "b", "b");
    check_stamp(LINE, "b", "+1", "UNKNOWN_REVISION");
    check_stamp(FORK, "d1 c2", "b", "b");
    check_stamp(FORK, "d1 c2", "left@base", "c2");
    check_stamp(FORK, "d1 c2", "right@head", "d1 d2");
    check_stamp(FORK, "", "heads", "d1 d2");
    check_stamp(MERGED, "d1 c2", "e", "e");
    // Alembic keeps b3's removal and forgets b1, or a2, or the other side of the merge.
    check_stamp(DEPENDENT, "b3", "a1", "a1 b1");
    check_stamp(DEPENDENT, "b3", "app@base", "a2");
    check_stamp(MERGED, "e", "c2", "c2 d1");
    // Alembic plans the second against rows that the first has changed.
    check_stamp(LINE, "c", "b d", "d");
    check_stamp(FORK, "d1 d2", "c1 c2", "c1 c2");
}

#[test]
fn purge_forgets_unknown_rows() {
    let graph = graph(LINE);
    assert_eq!(
        graph.plan_stamp(&["gone"], &["c"], false).expect_err("unknown").code().reason(),
        "UNKNOWN_REVISION"
    );
    let plan = graph.plan_stamp(&["gone"], &["c"], true).expect("purged");
    assert_eq!(
        (plan.changes, plan.rows_after),
        (vec![RowChange::Insert("c".to_owned())], vec!["c".to_owned()])
    );
}

#[test]
fn row_changes() {
    let text = |changes: &[RowChange]| -> Vec<String> {
        let one = |change: &RowChange| match change {
            RowChange::Insert(row) => format!("+{row}"),
            RowChange::Delete(row) => format!("-{row}"),
            RowChange::Update { from, to } => format!("{from}>{to}"),
        };
        changes.iter().map(one).collect()
    };
    let graph = graph(MERGED);
    let up = graph.plan_upgrade(&["b"], "e").expect("a plan");
    let changes: Vec<Vec<String>> = up.steps.iter().map(|step| text(&step.changes)).collect();
    assert_eq!(changes, [vec!["b>c2"], vec!["c2>d2"], vec!["+c1"], vec!["c1>d1"], vec!["-d1", "d2>e"]]);
    let down = graph.plan_downgrade(&["e"], "b").expect("a plan");
    let changes: Vec<Vec<String>> = down.steps.iter().map(|step| text(&step.changes)).collect();
    assert_eq!(changes, [vec!["+d1", "e>d2"], vec!["d1>c1"], vec!["-c1"], vec!["d2>c2"], vec!["c2>b"]]);
    let stamp = graph.plan_stamp(&["d1", "c2"], &["e"], false).expect("a plan");
    assert_eq!(text(&stamp.changes), ["-c2", "d1>e"]);
}

#[test]
fn offline_ranges() {
    let graph = graph(LINE);
    assert_eq!(told(graph.plan_upgrade_range("b:d")), "c d => d");
    assert_eq!(told(graph.plan_upgrade_range("b")), "a b => b");
    assert_eq!(told(graph.plan_downgrade_range("d:b")), "d c => b");
    assert_eq!(told(graph.plan_downgrade_range("d")), "RANGE_REQUIRED");
    assert_eq!(told(graph.plan_upgrade_range("a:b:c")), "MALFORMED");
    let stamp = graph.plan_stamp_range(&["b:d"]).expect("a plan");
    assert_eq!(stamp.changes, [RowChange::Update { from: "b".to_owned(), to: "d".to_owned() }]);
}

/// A client whose manifest ends at c plans in the union with what the store knows beyond it.
#[test]
fn goals_of_a_smaller_graph() {
    let (manifest, union) = (graph("a, a->b, b->c"), graph("a, a->b, b->c, c->d, b->x"));
    let goal = manifest.resolve_upgrade_target(&words(""), "head").expect("one head");
    assert_eq!(goal, ["c"]);
    assert_eq!(told(union.plan_upgrade_to(&["x"], &goal)), "c => c x");

    let ahead = union.standing(&["d"], &goal).expect("known rows");
    assert!(ahead.is_reached());
    assert_eq!((ahead.ahead, ahead.beside), (words("d"), words("")));
    let beside = union.standing(&["x"], &goal).expect("known rows");
    assert_eq!((beside.missing, beside.ahead, beside.beside), (words("c"), words(""), words("x")));

    let down = manifest.resolve_downgrade_target(&["d"], "b").expect("an absolute target");
    assert_eq!(told(union.plan_downgrade_to(&["d"], &down)), "d c => b");
}

#[test]
fn history_and_current() {
    let graph = graph(DEPENDENT);
    let history = |range: &str| graph.history(Some(range), &["b2"]).map_err(|error| error.code().reason());
    assert_eq!(graph.history::<&str>(None, &[]).expect("all"), words("b3 b2 b1 a2 a1"));
    assert_eq!(history("b1:b2"), Ok(words("b2 b1")));
    assert_eq!(history(":current"), Ok(words("b2 b1 a2 a1")));
    assert_eq!(history("current:"), Ok(words("b3 b2")));
    assert_eq!(history("a2:b2"), Err("NOT_AN_ANCESTOR"));
    assert_eq!(history("b1"), Err("RANGE_REQUIRED"));
    assert_eq!(history("a:b:c"), Err("MALFORMED"));
    assert_eq!(graph.current(&["b2"]).expect("known"), words("a2 b2"));
    assert!(graph.is_at_heads(&["b3"]) && !graph.is_at_heads(&["b2"]));
}

#[test]
fn new_revisions() {
    let graph = graph(DEPENDENT);
    let none: [&str; 0] = [];
    let on = |heads: &[&str], splice, needs: &[&str]| {
        graph.new_parents(heads, splice, needs).map_err(|error| error.code().reason())
    };
    assert_eq!(on(&none, false, &none), Err("MULTIPLE_HEADS"));
    assert_eq!(on(&["a2", "b3"], false, &none).map(|new| new.down_revisions), Ok(words("a2 b3")));
    assert_eq!(on(&["base"], false, &["net", "b1"]).map(|new| new.depends_on), Ok(words("net b1")));
    assert_eq!(on(&["b1"], false, &none), Err("NOT_A_HEAD"));
    assert_eq!(on(&["b1"], true, &none).map(|new| new.down_revisions), Ok(words("b1")));
    assert_eq!(on(&["b3", "app@head"], false, &none), Err("DUPLICATE_HEADS"));
    let code = |id, labels: &[&str]| graph.check_new(id, labels).map_err(|error| error.code().reason());
    assert_eq!(code("c1", &["shop"]), Ok(()));
    assert_eq!(code("c-1", &[]), Err("ILLEGAL_ID"));
    assert_eq!(code("b3", &[]), Err("DUPLICATE_REVISION"));
    assert_eq!(code("c1", &["net"]), Err("DUPLICATE_LABEL"));
    assert_eq!(code("c1", &["a1"]), Err("DUPLICATE_LABEL"));
}
