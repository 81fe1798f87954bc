//! Stops an embedded daemon and waits until it is gone.

use super::Live;
use crate::error::{Own, Result};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long a daemon may take to end: the step under way is finished first.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The process has ended.
    Gone,
    /// It goes on.
    StillThere,
}

/// Asks the process behind the socket to end (SIGTERM) and waits for that.
///
/// # Errors
/// EMBEDDED_START where the process cannot be named or signalled.
pub async fn stop(live: &Live) -> Result<Stopped> {
    let wrong = |what: String| Own::EmbeddedStart.error(format!("cannot stop the embedded daemon: {what}"));
    let pid = live.pid.and_then(Pid::from_raw).ok_or_else(|| wrong("its process is not known".into()))?;
    // The descriptor names this very process: a number alone might be another's by the time of the signal.
    let process = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return Ok(Stopped::Gone),
        Err(e) => return Err(wrong(e.to_string())),
    };
    match rustix::process::pidfd_send_signal(&process, Signal::TERM) {
        Err(rustix::io::Errno::SRCH) => return Ok(Stopped::Gone),
        sent => sent.map_err(|e| wrong(e.to_string()))?,
    }
    let ended =
        tokio::task::spawn_blocking(move || wait(&process)).await.map_err(|e| wrong(e.to_string()))?;
    Ok(if ended.map_err(|e| wrong(e.to_string()))? { Stopped::Gone } else { Stopped::StillThere })
}

/// Whether the process has ended before patience does. Its descriptor becomes readable then.
fn wait(process: &OwnedFd) -> rustix::io::Result<bool> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match rustix::event::poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}
