//! `migrated` with a listener at the edges of its runs: what `migrated` is, linked once more. The environment says
//! where a run is cut off or held; without it nothing differs.
//!
//! - `EDGE_DIE=NAME[:N]`: at the N-th time that a run comes to that edge, the process ends as by `kill -9`.
//! - `EDGE_HOLD=NAME[:N]` with `EDGE_SOCKET=PATH`: there it connects to that socket, and goes on when the other side
//!   closes.
//! - `EDGE_TRACE=PATH`: the names of all edges are written there as they are passed, one a line.
//! - `EDGE_CLOCK=SECONDS`: its clock is so far ahead (or, negative, behind).

use async_trait::async_trait;
use migrated_engine::{Clock, SystemClock};
use migrated_target::edge::{Edge, Edges};
use rustix::process::{Signal, getpid, kill_process};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

/// One passage of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Passage {
    edge: Edge,
    /// From 1.
    time: u32,
}

#[derive(Debug, Default)]
struct Listener {
    die: Option<Passage>,
    hold: Option<(Passage, PathBuf)>,
    trace: Option<File>,
    passed: Mutex<HashMap<Edge, u32>>,
}

impl Listener {
    fn of_environment() -> Result<Listener, String> {
        let read = |name: &str| std::env::var(name).ok();
        let hold = match read("EDGE_HOLD") {
            Some(text) => {
                let socket = read("EDGE_SOCKET").ok_or("EDGE_HOLD needs EDGE_SOCKET")?;
                Some((passage(&text)?, socket.into()))
            }
            None => None,
        };
        let open = |path: String| {
            OpenOptions::new().create(true).append(true).open(&path).map_err(|e| format!("{path}: {e}"))
        };
        Ok(Listener {
            die: read("EDGE_DIE").map(|text| passage(&text)).transpose()?,
            hold,
            trace: read("EDGE_TRACE").map(open).transpose()?,
            passed: Mutex::default(),
        })
    }
}

fn passage(text: &str) -> Result<Passage, String> {
    let (name, time) = text.split_once(':').unwrap_or((text, "1"));
    let edge = Edge::ALL.iter().copied().find(|edge| edge.name() == name);
    let edge = edge.ok_or_else(|| format!("there is no edge {name}"))?;
    Ok(Passage { edge, time: time.parse().map_err(|e| format!("{text}: {e}"))? })
}

#[async_trait]
impl Edges for Listener {
    async fn pass(&self, edge: Edge) {
        let time = {
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            let time = passed.entry(edge).or_default();
            *time += 1;
            // A line is one write, so lines of several tasks do not mix.
            if let Some(mut trace) = self.trace.as_ref() {
                let _ = trace.write_all(format!("{edge}\n").as_bytes());
            }
            *time
        };
        let here = Some(Passage { edge, time });
        if here == self.die {
            let _ = kill_process(getpid(), Signal::KILL);
            // The signal comes before anything else can happen here.
            std::future::pending::<()>().await;
        }
        if let Some((hold, socket)) = &self.hold
            && here == Some(*hold)
            && let Ok(mut other) = UnixStream::connect(socket).await
        {
            let _ = other.read_to_end(&mut Vec::new()).await;
        }
    }
}

/// The system's clock, and how many microseconds it is set wrong.
struct Skewed(i64);

impl Clock for Skewed {
    fn now_micros(&self) -> i64 {
        SystemClock.now_micros() + self.0
    }
}

impl Skewed {
    fn of_environment() -> Result<Skewed, String> {
        let Ok(text) = std::env::var("EDGE_CLOCK") else { return Ok(Skewed(0)) };
        let seconds: i64 = text.parse().map_err(|e| format!("EDGE_CLOCK={text}: {e}"))?;
        Ok(Skewed(seconds * 1_000_000))
    }
}

fn main() -> ExitCode {
    let seams = Listener::of_environment().and_then(|l| Ok((l, Skewed::of_environment()?)));
    match seams {
        Ok((listener, clock)) => migrated::main(Arc::new(listener), Arc::new(clock)),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(2)
        }
    }
}
