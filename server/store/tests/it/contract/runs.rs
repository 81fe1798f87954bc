//! Runs and their steps.

use migrated_core::event::{Direction, Failure, RunKind, RunState, SqlFault};
use migrated_store::{
    BackendRecord, CreatedRun, RunFilter, RunPage, RunRecord, StepNote, StepRecord, StepState, StoreError,
};

use super::Place;
use crate::records::{body, project, run, sha, step, store_manifest};

pub(crate) async fn a_run_comes_back_as_it_was(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let graph = store_manifest(&*store, "p", &[body("a1", "x")], 1).await.digest;
    let full = RunRecord {
        target: "postgresql://app@db/app".into(),
        kind: RunKind::Downgrade,
        goal: vec!["ae10".into(), "label@-1".into()],
        graph: Some(graph),
        request_id: Some("req".into()),
        rows_before: vec!["b".into(), "a\"".into()],
        rows_after: vec!["c".into()],
        steps_planned: 3,
        steps_done: 2,
        failure: Some(Failure {
            reason: "STATEMENT_FAILED".into(),
            message: "no".into(),
            sql: Some(SqlFault { sqlstate: "2BP01".into(), line: 7, ..SqlFault::default() }),
            ..Failure::default()
        }),
        started_at: Some(5),
        finished_at: Some(-1),
        ..run("run-1", "p")
    };
    assert_eq!(store.create_run(&full).await.expect("created"), CreatedRun::New);
    assert_eq!(store.run("run-1").await.expect("read"), Some(full.clone()));
    assert_eq!(store.run("nobody").await.expect("read"), None);
    let twice = RunRecord { request_id: None, ..full };
    let twice = store.create_run(&twice).await.expect_err("the id is taken");
    assert!(matches!(twice, StoreError::AlreadyExists { .. }), "{twice}");
}

pub(crate) async fn updating_a_run_compares_and_sets(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let made = RunRecord { request_id: Some("req".into()), ..run("run-1", "p") };
    store.create_run(&made).await.expect("created");
    let changed = RunRecord {
        state: RunState::Running,
        owner: "daemon-2".into(),
        rows_before: vec!["a".into()],
        started_at: Some(7),
        steps_planned: 4,
        failure: Some(Failure::default()),
        ..made.clone()
    };
    let fixed = RunRecord { kind: RunKind::Stamp, request_id: None, created_at: 9, ..changed.clone() };
    assert_eq!(store.update_run(&fixed, 1).await.expect("changed"), 2);
    assert_eq!(store.run("run-1").await.expect("read"), Some(RunRecord { version: 2, ..changed }));
    let lost = store.update_run(&made, 1).await.expect_err("version 1 is gone");
    assert!(matches!(lost, StoreError::Conflict { expected: 1, found: 2, .. }), "{lost}");
    let nobody = store.update_run(&run("nobody", "p"), 1).await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");
}

pub(crate) async fn the_same_request_is_one_run(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_project(&project("q")).await.expect("created");
    let first = RunRecord { request_id: Some("req".into()), ..run("run-1", "p") };
    assert_eq!(store.create_run(&first).await.expect("created"), CreatedRun::New);
    let again = RunRecord { id: "run-2".into(), ..first.clone() };
    assert_eq!(store.create_run(&again).await.expect("known"), CreatedRun::Existing(Box::new(first.clone())));
    assert_eq!(store.run("run-2").await.expect("read"), None);
    let elsewhere = RunRecord { project: "q".into(), ..again };
    assert_eq!(store.create_run(&elsewhere).await.expect("another project"), CreatedRun::New);
    for id in ["run-3", "run-4"] {
        assert_eq!(store.create_run(&run(id, "p")).await.expect("no request id"), CreatedRun::New);
    }
}

pub(crate) async fn a_run_needs_its_project_and_graph(place: &dyn Place) {
    let store = place.open().await;
    let nowhere = store.create_run(&run("run-1", "p")).await.expect_err("no such project");
    assert!(matches!(nowhere, StoreError::NotFound { .. }), "{nowhere}");
    store.create_project(&project("p")).await.expect("created");
    let unknown = RunRecord { graph: Some(sha("?")), ..run("run-1", "p") };
    let unknown = store.create_run(&unknown).await.expect_err("no such manifest");
    assert!(matches!(unknown, StoreError::ManifestUnknown { .. }), "{unknown}");
    assert_eq!(store.run("run-1").await.expect("read"), None);

    let mut record = run("run-1", "p");
    store.create_run(&record).await.expect("created");
    record.graph = Some(sha("?"));
    let unknown = store.update_run(&record, 1).await.expect_err("no such manifest");
    assert!(matches!(unknown, StoreError::ManifestUnknown { .. }), "{unknown}");
    record.graph = Some(store_manifest(&*store, "p", &[body("a1", "x")], 1).await.digest);
    assert_eq!(store.update_run(&record, 1).await.expect("changed"), 2);
    record.state = RunState::Failed;
    assert_eq!(store.update_run(&record, 2).await.expect("changed"), 3);
    assert_eq!(store.collect(1000).await.expect("collected"), (1, 1));
    assert_eq!(store.update_run(&record, 3).await.expect("an ended run outlives its manifest"), 4);
}

pub(crate) async fn runs_are_listed_newest_first_in_pages(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_project(&project("q")).await.expect("created");
    for (id, project, target, state) in [
        ("01", "p", "prod", RunState::Failed),
        ("02", "q", "prod", RunState::Running),
        ("03", "p", "test", RunState::Queued),
        ("04", "p", "prod", RunState::Succeeded),
        ("05", "p", "prod", RunState::Failed),
    ] {
        let record = RunRecord { target: target.into(), state, ..run(id, project) };
        store.create_run(&record).await.expect("created");
    }
    let all = RunFilter::default();
    let p = RunFilter { project: Some("p".into()), ..all.clone() };
    let prod = RunFilter { target: Some("prod".into()), ..all.clone() };
    let both = RunFilter { project: Some("p".into()), ..prod.clone() };
    let failed = RunFilter { states: vec![RunState::Failed, RunState::Running], ..prod.clone() };
    for (filter, before, limit, expected) in [
        (&all, None, 9, vec!["05", "04", "03", "02", "01"]),
        (&all, None, 2, vec!["05", "04"]),
        (&all, Some("04"), 2, vec!["03", "02"]),
        (&all, Some("01"), 2, vec![]),
        (&all, None, 0, vec![]),
        (&p, None, 9, vec!["05", "04", "03", "01"]),
        (&p, Some("04"), 1, vec!["03"]),
        (&prod, None, 9, vec!["05", "04", "02", "01"]),
        (&both, Some("05"), 9, vec!["04", "01"]),
        (&failed, None, 9, vec!["05", "02", "01"]),
    ] {
        let page = RunPage { before: before.map(String::from), limit };
        let runs = store.runs(filter, &page).await.expect("listed");
        let ids: Vec<&str> = runs.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?} {page:?}");
    }
}

pub(crate) async fn unsettled_runs_are_those_that_have_not_ended_or_are_unknown(place: &dyn Place) {
    use RunState::*;
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let states = [Queued, Locking, Running, Succeeded, Failed, Partial, Cancelled, Unknown];
    for (index, state) in states.into_iter().enumerate() {
        store.create_run(&RunRecord { state, ..run(&format!("{index}"), "p") }).await.expect("created");
    }
    let unsettled = store.unsettled_runs().await.expect("listed");
    let expected: Vec<RunState> = states.into_iter().filter(|s| !s.is_terminal() || *s == Unknown).collect();
    assert_eq!(unsettled.iter().map(|r| r.state).collect::<Vec<_>>(), expected);
}

pub(crate) async fn steps_are_inserted_and_replaced(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let bare = StepRecord {
        direction: Direction::Down,
        body_hash: None,
        token_hash: None,
        backend_pid: None,
        backend_start: None,
        started_at: None,
        ..step(1, StepState::Planned)
    };
    let steps = [step(3, StepState::Planned), bare.clone(), step(2, StepState::Failed)];
    store.put_steps("run-1", &steps).await.expect("stored");
    let done = StepRecord {
        xid: Some("18446744073709551615".into()),
        finished_at: Some(9),
        ..step(2, StepState::Done)
    };
    store.put_steps("run-1", std::slice::from_ref(&done)).await.expect("replaced");
    store.put_steps("run-1", &[]).await.expect("nothing to do");
    assert_eq!(store.steps("run-1").await.expect("read"), [bare, done, step(3, StepState::Planned)]);
    assert_eq!(store.steps("nobody").await.expect("read"), []);
    let nobody = store.put_steps("nobody", &[step(1, StepState::Planned)]).await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");

    let many: Vec<StepRecord> = (1..=10_000).map(|i| step(i, StepState::Planned)).collect();
    store.put_steps("run-1", &many).await.expect("stored");
    assert!(store.steps("run-1").await.expect("read") == many);
}

pub(crate) async fn steps_have_the_backend_that_was_recorded(place: &dyn Place) {
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let steps: Vec<StepRecord> = (1..=40).map(|i| step(i, StepState::Planned)).collect();
    store.put_steps("run-1", &steps).await.expect("stored");
    let backend =
        |first, last| BackendRecord { first, last, pid: i64::from(first), start: format!("s{last}") };
    // Many at once, one of them for nobody.
    let calls = (1..=30).map(|i| {
        let store = store.clone();
        tokio::spawn(async move { store.put_backend("run-1", &backend(i, i)).await })
    });
    let calls: Vec<_> = calls.collect();
    let nobody = store.put_backend("nobody", &backend(1, 1)).await.expect_err("no such run");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");
    for call in calls {
        call.await.expect("no panic").expect("recorded");
    }
    store.put_backend("run-1", &backend(31, 40)).await.expect("recorded");
    let found = store.steps("run-1").await.expect("read");
    for (record, was) in found.iter().zip(&steps) {
        let (first, last) = if record.index > 30 { (31, 40) } else { (record.index, record.index) };
        let expected = StepRecord {
            backend_pid: Some(first.into()),
            backend_start: Some(format!("s{last}")),
            ..was.clone()
        };
        assert_eq!(*record, expected);
    }
}

pub(crate) async fn notes_on_steps_are_kept_in_order(place: &dyn Place) {
    use StepState::*;
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let planned = |i| StepRecord { started_at: None, ..step(i, Planned) };
    store.put_steps("run-1", &(1..=4).map(planned).collect::<Vec<_>>()).await.expect("stored");
    let note =
        |index, state, xid: Option<&str>, at| StepNote { index, state, xid: xid.map(String::from), at };
    store.note_steps("run-1", &[note(1, Started, Some("77"), 5)]).await.expect("noted");
    store
        .note_steps("run-1", &[note(1, Done, None, 6), note(2, Started, Some("78"), 7)])
        .await
        .expect("noted");
    // Tried again: what is known of the first attempt goes.
    store.note_steps("run-1", &[note(2, Failed, None, 8), note(2, Started, None, 9)]).await.expect("noted");
    // A whole life in one call, and one that is nobody's.
    let life = [note(3, Started, None, 10), note(3, Started, Some("79"), 11), note(3, Failed, None, 12)];
    store.note_steps("run-1", &life).await.expect("noted");
    store.note_steps("run-1", &[note(99, Done, None, 1)]).await.expect("passed over");
    store.note_steps("nobody", &[note(1, Done, None, 1)]).await.expect("passed over");
    store.note_steps("run-1", &[]).await.expect("nothing to do");
    let found = store.steps("run-1").await.expect("read");
    let told: Vec<_> =
        found.iter().map(|s| (s.state, s.xid.as_deref(), s.started_at, s.finished_at)).collect();
    let expected = [
        (Done, Some("77"), Some(5), Some(6)),
        (Started, None, Some(9), None),
        (Failed, Some("79"), Some(11), Some(12)),
        (Planned, None, None, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(found[0].backend_pid, Some(4001), "the rest stays");
}
