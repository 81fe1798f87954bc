//! The embedded daemon: one for each project and user, started when it is first needed, gone when it is idle.

mod place;
mod record;
mod start;
mod stop;

pub use place::Place;
pub use record::Record;
pub use stop::{Stopped, stop};

use crate::channel::{self, Api};
use crate::config::Config;
use crate::error::{Error, Own, Result};
use migrated_proto::v1::{ListRunsRequest, RunState};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::net::UnixStream;

/// Our own release, which an embedded daemon has to be of.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How often a daemon is started before that is given up, where others start one at the same time.
const STARTS: u32 = 3;
/// Pause between two looks at a daemon that neither answers nor is gone.
const LOOK: Duration = Duration::from_millis(20);

/// A daemon that answers.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its socket.
    pub socket: PathBuf,
    /// Its process, as the kernel tells it.
    pub pid: Option<i32>,
}

/// The socket of the project's embedded daemon, which is started where it does not run.
///
/// # Errors
/// EMBEDDED_START where it cannot be started, or somebody else's process listens.
pub async fn ensure(config: &Config, warn: &mut dyn FnMut(String)) -> Result<PathBuf> {
    let place = Place::of(config)?;
    if let Some(live) = find(&place).await?
        && !is_outdated(&place)
    {
        return Ok(live.socket);
    }
    place.prepare()?;
    // Two commands at once: the second waits here, and then finds the daemon of the first.
    let _guard = place.lock()?;
    for _ in 1..STARTS {
        if let Some(live) = settled(&place).await?
            && (!is_outdated(&place) || !replace(&place, &live, warn).await?)
        {
            return Ok(live.socket);
        }
        match start::start(config, &place).await {
            // Another daemon, whose starter was killed, was quicker.
            Err(_) if place.is_taken() => {}
            started => return started,
        }
    }
    start::start(config, &place).await
}

/// The daemon that answers. One that has the state folder and does not answer is on its way in or out: it is waited for
/// as long as a start may take.
async fn settled(place: &Place) -> Result<Option<Live>> {
    let until = Instant::now() + start::READY;
    loop {
        let live = find(place).await?;
        if live.is_some() || !place.is_taken() || Instant::now() > until {
            return Ok(live);
        }
        // It may come to listen or to end: no one event tells of both.
        tokio::time::sleep(LOOK).await;
    }
}

/// The daemon that answers at `place`, if there is one: at the socket of the present environment, else at the one
/// that the daemon recorded, which another session of the same user may have had elsewhere.
///
/// # Errors
/// EMBEDDED_START where it belongs to another user.
pub async fn find(place: &Place) -> Result<Option<Live>> {
    if let Some(live) = probe(&place.socket).await? {
        return Ok(Some(live));
    }
    match Record::read(&place.state_dir) {
        Some(record) if record.socket != place.socket => probe(&record.socket).await,
        _ => Ok(None),
    }
}

async fn probe(socket: &Path) -> Result<Option<Live>> {
    let Ok(stream) = UnixStream::connect(socket).await else { return Ok(None) };
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own => Ok(Some(Live { socket: socket.into(), pid: peer.pid() })),
        Ok(peer) => Err(Own::EmbeddedStart
            .error(format!(
                "the process at {} belongs to user {}, not to {own}",
                socket.display(),
                peer.uid()
            ))
            .next("find out who listens there; nothing was sent to it")),
        // It left between the two calls.
        Err(_) => Ok(None),
    }
}

fn is_outdated(place: &Place) -> bool {
    Record::read(&place.state_dir).is_some_and(|record| record.version != VERSION)
}

/// Ends a daemon of another release if no run is under way there. Whether it is gone.
async fn replace(place: &Place, live: &Live, warn: &mut dyn FnMut(String)) -> Result<bool> {
    let version = Record::read(&place.state_dir).map(|r| r.version).unwrap_or_default();
    if has_runs(&live.socket).await {
        warn(format!(
            "the embedded daemon is of release {version} and has runs under way; it is used as it is"
        ));
        return Ok(false);
    }
    match stop(live).await? {
        Stopped::Gone => Ok(true),
        Stopped::StillThere => {
            warn(format!("the embedded daemon of release {version} did not stop; it is used as it is"));
            Ok(false)
        }
    }
}

/// Whether runs are under way. A daemon that cannot tell is taken for idle: its API is not ours.
async fn has_runs(socket: &Path) -> bool {
    let ask = async {
        let api = Api::new(channel::unix(socket).await?, None)?;
        let states = [RunState::Queued, RunState::Locking, RunState::Running].map(i32::from).to_vec();
        let request = ListRunsRequest { states, page_size: 1, ..ListRunsRequest::default() };
        Ok::<_, Box<Error>>(!api.runs().list_runs(request).await?.into_inner().runs.is_empty())
    };
    ask.await.unwrap_or(false)
}

#[cfg(test)]
mod tests;
