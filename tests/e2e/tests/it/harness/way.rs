//! A way to PostgreSQL that is cut inside a COMMIT.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::LONG;

/// What becomes of the COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// It reaches the server; its answer reaches nobody.
    Unanswered,
    /// It never reaches the server.
    Lost,
}

/// What becomes of the connection once the COMMIT was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It stays as it is, until its client goes away.
    Silence,
    /// It ends, for both sides.
    End,
    /// It ends, and the server cannot be reached until [`Way::open`].
    Shut,
}

/// A port through which the server is reached. The first COMMIT of a connection on which a text was seen is treated
/// as asked for; everything else passes, before and after.
#[derive(Debug)]
pub(crate) struct Way {
    port: u16,
    shut: Arc<AtomicBool>,
    seen: Receiver<()>,
}

struct Plan {
    after: Vec<u8>,
    commit: Commit,
    then: Then,
    done: AtomicBool,
    shut: Arc<AtomicBool>,
    tell: Mutex<Sender<()>>,
}

impl Way {
    /// A way to `address` (`host:port`) that waits for the COMMIT after `text`.
    pub(crate) fn to(address: String, text: &str, commit: Commit, then: Then) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (tell, seen) = channel();
        let (done, tell) = (AtomicBool::new(false), Mutex::new(tell));
        let shut = Arc::new(AtomicBool::new(false));
        let after = text.as_bytes().to_vec();
        let plan = Arc::new(Plan { after, commit, then, done, shut: Arc::clone(&shut), tell });
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if plan.shut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&address) else { continue };
                join(client, server, Arc::clone(&plan));
            }
        });
        Way { port, shut, seen }
    }

    /// A URL of the server, through this way.
    pub(crate) fn url(&self, url: &str, address: &str) -> String {
        url.replace(address, &format!("127.0.0.1:{}", self.port))
    }

    /// Lets everybody through again.
    pub(crate) fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Waits until the COMMIT came by.
    pub(crate) fn reached(&self) {
        match self.seen.recv_timeout(LONG) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => panic!("no COMMIT came by"),
        }
    }
}

/// Passes on what both sides say, each on a thread of its own.
fn join(mut client: TcpStream, mut server: TcpStream, plan: Arc<Plan>) {
    let mute = Arc::new(AtomicBool::new(false));
    let (mut answers, mut back) =
        (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    let muted = Arc::clone(&mute);
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            if !muted.load(Ordering::SeqCst) && back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = back.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        let mut marked = false;
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let said = &bytes[..count];
            marked |= holds(said, &plan.after);
            let commits = marked && holds(said, b"COMMIT\0") && !plan.done.swap(true, Ordering::SeqCst);
            if commits {
                mute.store(true, Ordering::SeqCst);
                plan.shut.store(plan.then == Then::Shut, Ordering::SeqCst);
            }
            if !(commits && plan.commit == Commit::Lost) && server.write_all(said).is_err() {
                break;
            }
            if commits {
                let told = plan.tell.lock().expect("no panic while locked").send(());
                if told.is_err() || plan.then != Then::Silence {
                    let _ = client.shutdown(Shutdown::Both);
                    break;
                }
            }
        }
        // The server sees its client go; what it was told before that it still does.
        let _ = server.shutdown(Shutdown::Write);
    });
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}
