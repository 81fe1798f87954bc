//! What the errors say: each names what is wrong and the way out, in one line.

use crate::plans::{graph, nodes, words};
use migrated_core::revision::{Deviation, Fault, RevisionError, RevisionGraph};

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, RevisionError>, expected: &str) {
    let error = result.expect_err("an error");
    let text = error.to_string();
    assert_eq!(text, expected);
    assert!(!text.contains('\n') && !error.metadata().is_empty());
}

const IDS: &str = "ae1027c6 #billing, ae1027c6->27c6aaaa, 27c6aaaa->ae55ffff, 27c6aaaa->9b1e0000";

#[test]
fn names() {
    let graph = graph(IDS);
    check(graph.resolve("ae"), "`ae` is ambiguous: `ae1027c6`, `ae55ffff`");
    check(graph.resolve("ae1027c7"), "no revision or label `ae1027c7`; did you mean `ae1027c6`?");
    check(graph.resolve("zzzzzz"), "no revision or label `zzzzzz`");
    check(graph.resolve("biling@head"), "no branch `biling`; did you mean `billing`?");
    check(graph.resolve("ae55@9b1e0000"), "revision `9b1e0000` is not on branch `ae55`");
    check(
        graph.resolve("ae55@9b1e"),
        "no revision or label `9b1e` on branch `ae55`; elsewhere there is `9b1e0000`",
    );
    check(
        graph.resolve("head"),
        "`head` is ambiguous, there are 2 heads: `ae55ffff`, `9b1e0000`; name one, use `<label>@head` or `heads`",
    );
    check(
        graph.plan_upgrade(&["27c6aaab"], "heads"),
        "the version table stands at `27c6aaab`, which no revision here has; did you mean `27c6aaaa`?",
    );
    check(
        graph.plan_upgrade(&["27c6aaaa"], "+1"),
        "cannot step up from `27c6aaaa`: `ae55ffff`, `9b1e0000` are possible; name the revision, or its branch as \
         `<label>@…`",
    );
    check(
        graph.plan_upgrade(&words(""), "+1x"),
        "cannot read `+1x`: `+1` is a relative step, and `x` follows it",
    );
}

#[test]
fn graphs() {
    let build = |text: &str| RevisionGraph::new(nodes(text));
    check(build("a, c->b, b->c"), "revisions follow each other in a circle: b -> c -> b");
    check(build("a !c, a->b, b->c"), "revisions depend on each other in a circle: a -> c -> b -> a");
    check(build("a->a"), "revisions follow each other in a circle: a -> a");
    check(build("a #x, a->b #x"), "label `x` of revision `b` is already a label of revision `a`");
    check(build("a, a->b #a"), "label `a` of revision `b` is already a revision's id");
    check(build("a, a"), "revision `a` is there more than once");
    check(
        build("abcd1234, abcd->b"),
        "revision `b` follows `abcd`, which is not there; did you mean `abcd1234`?",
    );
    check(build("a #x, x->b"), "revision `b` follows `x`, which is not there; did you mean `a`?");
    check(build("a !nosuch"), "revision `a` depends on `nosuch`, which is not there");
    check(build("a@b"), "`a@b` cannot be a revision id: it contains `@`");
}

/// a<-b<-c with c also on e, and c<-d<-e with a way out at f: every revision is reachable, and Alembic loads it.
#[test]
fn a_circle_with_a_way_in_and_a_way_out_is_found() {
    let error = RevisionGraph::new(nodes("a, a->b, b+e->c, c->d, d->e, d->f")).expect_err("a circle");
    assert_eq!(error.deviation, Some(Deviation::CycleFound));
    let Fault::Cycle { revisions } = error.fault else { panic!("another fault") };
    assert_eq!(revisions, ["c", "e", "d"]);
}
