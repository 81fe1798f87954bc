//! A command that is still running.

use super::{Answer, LONG, Project};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A `migratectl` whose progress can be awaited.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    words: String,
    /// Lines of standard error, as they come.
    lines: Receiver<String>,
    stdout: Option<JoinHandle<String>>,
    seen: String,
}

impl Running {
    pub(crate) fn start(mut command: Command, words: &str) -> Running {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (tell, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let mut stdout = child.stdout.take().expect("piped");
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            text
        });
        Running { child, words: words.to_owned(), lines, stdout: Some(stdout), seen: String::new() }
    }

    /// Waits for a line of standard error that contains `text`.
    #[track_caller]
    pub(crate) fn told(&mut self, text: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(reason @ (RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                    panic!("{}: no `{text}` ({reason}) in\n{}", self.words, self.seen)
                }
            }
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process has a number");
        kill_process(pid, signal).expect("it runs");
    }

    /// Waits until this or the other one ends: whether it was this one.
    pub(crate) fn ends_before(&self, other: &Running, within: Duration) -> bool {
        let (ours, theirs) = (self.process(), other.process());
        let mut polled = [PollFd::new(&ours, PollFlags::IN), PollFd::new(&theirs, PollFlags::IN)];
        let ended = poll(&mut polled, Some(&timespec(within))).expect("polled");
        assert!(ended > 0, "{} and {} do not end", self.words, other.words);
        polled[0].revents().contains(PollFlags::IN)
    }

    /// Whether it ends in that time.
    pub(crate) fn has_ended_within(&self, time: Duration) -> bool {
        let process = self.process();
        poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&timespec(time))).expect("polled") > 0
    }

    fn process(&self) -> OwnedFd {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process has a number");
        pidfd_open(pid, PidfdFlags::empty()).expect("it is not waited for yet")
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(mut self, project: &Project) -> Answer {
        let until = Instant::now() + LONG;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("{} does not end:\n{}", self.words, self.seen),
            }
        }
        let exit = self.child.wait().expect("waited for").code().unwrap_or(-1);
        let stdout = self.stdout.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Answer::new(project, self.words.clone(), exit, stdout, std::mem::take(&mut self.seen))
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
