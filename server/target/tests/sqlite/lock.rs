//! The migration lock.

use crate::bed::Bed;
use migrated_core::Code;
use migrated_target::{BackendState, Holder, LockAttempt, MigrationLock, Target};

pub(crate) async fn held(target: &dyn Target, run: &str) -> Box<dyn MigrationLock> {
    match target.try_lock(run).await.expect("the lock file can be used") {
        LockAttempt::Held(lock) => lock,
        LockAttempt::Busy(holder) => panic!("held by {holder:?}"),
    }
}

pub(crate) async fn busy(target: &dyn Target) -> Holder {
    match target.try_lock("r2").await.expect("the lock file can be used") {
        LockAttempt::Held(_) => panic!("nobody holds it"),
        LockAttempt::Busy(holder) => holder,
    }
}

#[tokio::test]
async fn excludes_another_session_of_the_same_process() {
    let bed = Bed::new();
    let lock = held(&*bed.target(), "r1").await;
    let holder = busy(&*bed.target()).await;
    assert_eq!((holder.run.as_str(), holder.pid), ("r1", i64::from(std::process::id())));
    lock.release().await.expect("released");
    held(&*bed.target(), "r2").await;
}

#[tokio::test]
async fn is_one_for_all_names_of_the_file() {
    let bed = Bed::new();
    let link = bed.folder.path().join("link.db");
    std::os::unix::fs::symlink(&bed.path, &link).expect("a link");
    let _lock = held(&*bed.target(), "r1").await;
    busy(&*migrated_target::sqlite::open_path(&link, &bed.spec).expect("a target")).await;
}

#[tokio::test]
async fn is_another_for_another_version_table() {
    let mut bed = Bed::new();
    let _lock = held(&*bed.target(), "r1").await;
    bed.spec.version_table.name = "other".into();
    held(&*bed.target(), "r2").await;
}

#[tokio::test]
async fn leaves_no_file_behind() {
    let bed = Bed::new();
    held(&*bed.target(), "r1").await.release().await.expect("released");
    drop(held(&*bed.target(), "r1").await);
    assert_eq!(bed.folder.path().read_dir().expect("the folder").count(), 0);
}

#[tokio::test]
async fn an_abandoned_file_is_no_lock() {
    let bed = Bed::new();
    std::fs::write(bed.folder.path().join("app.db.migrated-lock"), "run=dead\npid=1\n").expect("a file");
    held(&*bed.target(), "r1").await;
}

#[tokio::test]
async fn is_lost_with_its_file() {
    let bed = Bed::new();
    let mut lock = held(&*bed.target(), "r1").await;
    lock.verify().await.expect("still ours");
    std::fs::remove_file(bed.folder.path().join("app.db.migrated-lock")).expect("the lock file");
    assert_eq!(lock.verify().await.expect_err("gone").code, Code::LockLost);
}

#[tokio::test]
async fn its_holder_is_alive_until_it_lets_go() {
    let bed = Bed::new();
    let lock = held(&*bed.target(), "r1").await;
    let backend = lock.backend().clone();
    assert!(matches!(bed.target().backend_state(&backend).await, Ok(BackendState::Alive(_))));
    lock.release().await.expect("released");
    assert_eq!(bed.target().backend_state(&backend).await.expect("known"), BackendState::Gone);
}

/// Many take and give back the lock at once; never do two hold it, though each removes the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_has_two_holders() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    let bed = Bed::new();
    let (inside, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (target, inside, taken) = (bed.target(), Arc::clone(&inside), Arc::clone(&taken));
            tokio::spawn(async move {
                while taken.load(Ordering::SeqCst) < 400 {
                    if let LockAttempt::Held(lock) = target.try_lock("r").await.expect("usable") {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                        taken.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        inside.fetch_sub(1, Ordering::SeqCst);
                        lock.release().await.expect("released");
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for one in all {
        one.await.expect("no two holders");
    }
}
