//! A daemon that is killed, stopped and started again.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of its log that a failure shows.
const KEPT: usize = 120;

/// A daemon.
pub(super) struct Member {
    pub(super) name: String,
    start: Box<dyn Fn() -> Command + Send>,
    child: Option<Child>,
    /// A word when it serves; cut off when it has ended.
    told: Option<Receiver<()>>,
    log: Arc<Mutex<VecDeque<String>>>,
    serves: bool,
    /// It was told to stop.
    leaves: bool,
    /// It is to stay away for now.
    away: bool,
}

impl Member {
    /// One that is not started yet.
    pub(super) fn new(name: &str, start: impl Fn() -> Command + Send + 'static) -> Member {
        Member {
            name: name.to_owned(),
            start: Box::new(start),
            child: None,
            told: None,
            log: Arc::default(),
            serves: false,
            leaves: false,
            away: false,
        }
    }

    /// Starts it where it is not running and not to stay away, as a supervisor would.
    pub(super) fn tend(&mut self) {
        let ended = self.child.as_mut().is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))));
        if !ended || self.away {
            return;
        }
        let mut command = (self.start)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let (tell, told) = channel();
        let log = Arc::clone(&self.log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("\"serving\"") {
                    let _ = tell.send(());
                }
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_back(line);
                let excess = log.len().saturating_sub(KEPT);
                log.drain(..excess);
            }
        });
        (self.child, self.told, self.serves, self.leaves) = (Some(child), Some(told), false, false);
    }

    /// Starts it until it serves.
    pub(super) fn serve(&mut self, within: Duration) -> bool {
        self.away = false;
        let until = Instant::now() + within;
        loop {
            self.tend();
            if self.serves && !self.leaves {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.told.as_ref().map(|told| told.recv_timeout(left)) {
                Some(Ok(())) => self.serves = true,
                Some(Err(RecvTimeoutError::Disconnected)) => {
                    self.child.as_mut().map(Child::wait);
                }
                Some(Err(RecvTimeoutError::Timeout)) | None => return false,
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    /// Tells it to stop. It is started again once it has ended.
    pub(super) fn tell_to_stop(&mut self) {
        self.leaves = true;
        self.signal(Signal::TERM);
    }

    /// Sends a signal, unless it has ended.
    pub(super) fn signal(&mut self, signal: Signal) {
        if let Some(child) = &mut self.child
            && matches!(child.try_wait(), Ok(None))
            && let Some(pid) = Pid::from_raw(child.id().cast_signed())
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills it; it stays away until [`Member::back`].
    pub(super) fn kill(&mut self) {
        self.away = true;
        self.signal(Signal::KILL);
        self.child.as_mut().map(Child::wait);
    }

    /// Lets it be started again.
    pub(super) fn back(&mut self) {
        self.away = false;
        self.tend();
    }

    /// The last lines of its log.
    pub(super) fn log(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = log.iter().map(String::as_str).collect();
        format!("--- the last that {} said\n{}\n", self.name, lines.join("\n"))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
    }
}
