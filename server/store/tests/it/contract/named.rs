//! Projects, targets and the audit log.

use migrated_store::{ProjectRecord, StoreError, TargetRecord};

use super::Place;
use crate::records::{applied, audit, body, project, run, sha, store_manifest, target};

pub(crate) async fn projects_are_created_changed_and_deleted(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.project("billing").await.expect("read"), None);
    store.create_project(&project("billing")).await.expect("created");
    assert_eq!(store.project("billing").await.expect("read"), Some(project("billing")));
    let twice = store.create_project(&project("billing")).await.expect_err("the name is taken");
    assert!(matches!(twice, StoreError::AlreadyExists { .. }), "{twice}");

    let changed = ProjectRecord { description: "new".into(), created_at: 999, ..project("billing") };
    assert_eq!(store.update_project(&changed, 1).await.expect("changed"), 2);
    let lost = store.update_project(&changed, 1).await.expect_err("version 1 is gone");
    assert!(matches!(lost, StoreError::Conflict { expected: 1, found: 2, .. }), "{lost}");
    let now = store.project("billing").await.expect("read").expect("there");
    assert_eq!((now.description.as_str(), now.created_at, now.version), ("new", 11, 2));
    let nobody = store.update_project(&project("nobody"), 1).await.expect_err("no such project");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");

    // Drafts go with the project, what others rely on does not.
    let draft = store_manifest(&*store, "billing", &[body("a1", "x")], 1).await;
    assert!(store.delete_project("billing").await.expect("deleted"));
    assert!(!store.delete_project("billing").await.expect("gone already"));
    assert_eq!(store.manifest("billing", &draft.digest).await.expect("read"), None);
    for (name, used_by) in [("p1", "published revisions"), ("p2", "runs"), ("p3", "applied revisions")] {
        store.create_project(&project(name)).await.expect("created");
        match name {
            "p1" => {
                let manifest = store_manifest(&*store, name, &[body("a1", "x")], 1).await;
                store.publish(name, 0, &manifest.digest, &audit("push", name)).await.expect("published");
            }
            "p2" => drop(store.create_run(&run("run-1", name)).await.expect("created")),
            _ => store.record_applied("t", &[applied("a1", name, sha("x"))], &[]).await.expect("recorded"),
        }
        let used = store.delete_project(name).await.expect_err("it is in use");
        assert!(matches!(used, StoreError::InUse { by, .. } if by == used_by), "{used}");
        assert!(store.project(name).await.expect("read").is_some());
    }
}

pub(crate) async fn targets_are_created_changed_and_deleted(place: &dyn Place) {
    let store = place.open().await;
    let full = TargetRecord {
        database: Some("app".into()),
        version_table: Some("versions".into()),
        version_table_schema: Some("meta".into()),
        ..target("prod")
    };
    store.create_target(&full).await.expect("created");
    assert_eq!(store.target("prod").await.expect("read"), Some(full.clone()));
    let twice = store.create_target(&full).await.expect_err("the name is taken");
    assert!(matches!(twice, StoreError::AlreadyExists { .. }), "{twice}");

    let changed = TargetRecord { protected: false, schema: None, connection: "other".into(), ..full };
    assert_eq!(store.update_target(&changed, 1).await.expect("changed"), 2);
    let lost = store.update_target(&changed, 1).await.expect_err("version 1 is gone");
    assert!(matches!(lost, StoreError::Conflict { expected: 1, found: 2, .. }), "{lost}");
    assert_eq!(store.target("prod").await.expect("read"), Some(TargetRecord { version: 2, ..changed }));
    let nobody = store.update_target(&target("nobody"), 1).await.expect_err("no such target");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody}");

    let lost = store.delete_target("prod", 1).await.expect_err("version 1 is gone");
    assert!(matches!(lost, StoreError::Conflict { expected: 1, found: 2, .. }), "{lost}");
    assert!(store.delete_target("prod", 2).await.expect("deleted"));
    assert!(!store.delete_target("prod", 2).await.expect("gone already"));
    assert_eq!(store.target("prod").await.expect("read"), None);
}

pub(crate) async fn names_are_paged_in_order(place: &dyn Place) {
    let store = place.open().await;
    for name in ["c", "a", "d", "B"] {
        store.create_project(&project(name)).await.expect("created");
        store.create_target(&target(name)).await.expect("created");
    }
    for (after, limit, expected) in [
        ("", 10, vec!["B", "a", "c", "d"]),
        ("", 2, vec!["B", "a"]),
        ("a", 2, vec!["c", "d"]),
        ("d", 2, vec![]),
    ] {
        let projects = store.projects(after, limit).await.expect("listed");
        let targets = store.targets(after, limit).await.expect("listed");
        assert_eq!(projects.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(targets.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), expected);
    }
}

pub(crate) async fn audit_log_is_newest_first(place: &dyn Place) {
    let store = place.open().await;
    for (action, project) in [("push", "a"), ("push", "b"), ("push --prune", "a"), ("repair", "a")] {
        store.audit(&audit(action, project)).await.expect("written");
    }
    let log = store.audit_log("a", 2).await.expect("read");
    assert_eq!(log, [audit("repair", "a"), audit("push --prune", "a")]);
    assert_eq!(store.audit_log("b", 9).await.expect("read"), [audit("push", "b")]);
}
