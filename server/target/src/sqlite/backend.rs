//! Who works on a file: SQLite has no server, so a backend is a process and a connection in it.

use super::cancel::Interrupt;
use crate::{Backend, BackendState};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Connections and locks of this process that are still there.
static LIVE: Mutex<BTreeMap<u64, Weak<Interrupt>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Keeps a backend of this process known as alive; dropped when its connection is really closed.
pub(super) struct Registration {
    number: u64,
    pub(super) interrupt: Arc<Interrupt>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        live().remove(&self.number);
        self.interrupt.working(false);
    }
}

/// A new backend of this process for that run.
pub(super) fn register(run: &str, interrupt: &Arc<Interrupt>) -> (Backend, Registration) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    live().insert(number, Arc::downgrade(interrupt));
    let pid = i64::from(std::process::id());
    // Reading it costs more than opening a small file.
    static OURS: LazyLock<String> =
        LazyLock::new(|| process_start(i64::from(std::process::id())).unwrap_or_else(|| UNKNOWN.into()));
    let start = format!("{}#{number}", *OURS);
    let backend = Backend { pid, start, application: format!("migrated:{run}") };
    (backend, Registration { number, interrupt: Arc::clone(interrupt) })
}

/// Whether that backend is still there.
pub(super) fn state(backend: &Backend) -> BackendState {
    let (process, number) = parts(backend);
    let alive = || BackendState::Alive(format!("process {} {}", backend.pid, command(backend.pid)));
    if !same_process(backend.pid, process) {
        return BackendState::Gone;
    }
    if backend.pid == i64::from(std::process::id())
        && number.is_some_and(|number| !live().contains_key(&number))
    {
        return BackendState::Gone;
    }
    alive()
}

/// Stops a backend of this process and waits for its end, at most `grace`. Another process is only waited for:
/// nobody can cancel in there, and a process is not ours to kill.
pub(super) async fn end(backend: &Backend, grace: Duration) -> BackendState {
    if backend.pid == i64::from(std::process::id())
        && let (_, Some(number)) = parts(backend)
        && let Some(interrupt) = live().get(&number).and_then(Weak::upgrade)
    {
        interrupt.cancel();
    }
    let began = tokio::time::Instant::now();
    // Neither the end of another process nor that of a driver's thread can be awaited: poll.
    let mut look = tokio::time::interval(Duration::from_millis(10));
    loop {
        look.tick().await;
        let now = state(backend);
        if now == BackendState::Gone || began.elapsed() >= grace {
            return now;
        }
    }
}

const UNKNOWN: &str = "unknown";

fn live() -> MutexGuard<'static, BTreeMap<u64, Weak<Interrupt>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parts(backend: &Backend) -> (&str, Option<u64>) {
    match backend.start.rsplit_once('#') {
        Some((process, number)) => (process, number.parse().ok()),
        None => (&backend.start, None),
    }
}

/// Whether the process of that number is the one that began then.
fn same_process(pid: i64, start: &str) -> bool {
    if let Some(now) = process_start(pid) {
        return now == start || start == UNKNOWN;
    }
    // Without /proc the start is not known; where there is one, a process that it does not show is gone.
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    start == UNKNOWN
        && pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// When a process began: the machine's boot and the clock ticks since then, as Linux tells them.
fn process_start(pid: i64) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // The second field is a command in parentheses that may itself contain spaces and parentheses.
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{}/{ticks}", boot.trim()))
}

/// The command's name, where it can be seen.
pub(super) fn command(pid: i64) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).map(|s| s.trim().to_owned()).unwrap_or_default()
}
