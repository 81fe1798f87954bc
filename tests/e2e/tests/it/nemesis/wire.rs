//! A way to a server that can be cut, or stand still, for each of its users alone. A user is a daemon: each has a
//! role of its own, whose name is found in the first bytes that it sends. (Targets are the same only at the same
//! address, so that there cannot be a way for each.)

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;

/// One direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    ToServer,
    ToClient,
}

/// The way. It ends with the process.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    users: Vec<String>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Users whose connections end as soon as they are known.
    shut: BTreeSet<usize>,
    /// What stands still.
    still: BTreeSet<(usize, Side)>,
    links: Vec<Weak<Link>>,
}

#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
    user: OnceLock<usize>,
    cut: AtomicBool,
}

impl Wire {
    /// A way to a port of this machine for those users.
    pub(super) fn to(server: u16, users: &[String]) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Mutex::default();
        let shared = Arc::new(Shared { users: users.to_vec(), state, changed: Condvar::new() });
        let joining = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A server that is not there: the client sees its connection end.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    join(&joining, client, server);
                }
            }
        });
        Wire { port, shared }
    }

    /// Ends every connection of a user, at both ends.
    pub(super) fn cut(&self, user: usize) {
        let links: Vec<_> = self.shared.lock().links.iter().filter_map(Weak::upgrade).collect();
        for link in links.iter().filter(|link| link.user.get() == Some(&user)) {
            link.cut();
        }
        self.shared.changed.notify_all();
    }

    /// Lets no connection of a user through, or lets them through again.
    pub(super) fn shut(&self, user: usize, is_shut: bool) {
        let mut state = self.shared.lock();
        match is_shut {
            true => state.shut.insert(user),
            false => state.shut.remove(&user),
        };
        drop(state);
        if is_shut {
            self.cut(user);
        }
    }

    /// Holds back what a user's connections carry in one direction, ends of connections too, or lets it on.
    pub(super) fn still(&self, user: usize, side: Side, is_still: bool) {
        let mut state = self.shared.lock();
        match is_still {
            true => state.still.insert((user, side)),
            false => state.still.remove(&(user, side)),
        };
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Lets everybody through.
    pub(super) fn heal(&self) {
        let mut state = self.shared.lock();
        state.shut.clear();
        state.still.clear();
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out whose a connection is.
    fn name(&self, link: &Link, said: &[u8]) {
        let is_in = |user: &String| said.windows(user.len()).any(|part| part == user.as_bytes());
        if let Some(user) = self.users.iter().position(is_in) {
            let _ = link.user.set(user);
            if self.lock().shut.contains(&user) {
                link.cut();
            }
        }
    }

    /// Waits while that direction of a connection stands still.
    fn pass(&self, link: &Link, side: Side) {
        let Some(user) = link.user.get() else { return };
        let is_held =
            |state: &mut State| !link.cut.load(Ordering::SeqCst) && state.still.contains(&(*user, side));
        drop(self.changed.wait_while(self.lock(), is_held).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Link {
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn join(shared: &Arc<Shared>, client: TcpStream, server: TcpStream) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let link = Arc::new(Link { client, server, user: OnceLock::new(), cut: AtomicBool::new(false) });
    let mut state = shared.lock();
    state.links.retain(|link| link.strong_count() > 0);
    state.links.push(Arc::downgrade(&link));
    drop(state);
    for side in [Side::ToServer, Side::ToClient] {
        let (shared, link) = (Arc::clone(shared), Arc::clone(&link));
        thread::spawn(move || carry(&shared, &link, side));
    }
}

/// Passes on what one end says to the other.
fn carry(shared: &Shared, link: &Link, side: Side) {
    let (mut from, mut to) = match side {
        Side::ToServer => (&link.client, &link.server),
        Side::ToClient => (&link.server, &link.client),
    };
    let mut bytes = vec![0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if side == Side::ToServer && link.user.get().is_none() {
            shared.name(link, &bytes[..count]);
        }
        shared.pass(link, side);
        if to.write_all(&bytes[..count]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            return;
        }
    }
    // That one end is gone is told to the other no sooner than anything else.
    shared.pass(link, side);
    let _ = to.shutdown(Shutdown::Write);
}
