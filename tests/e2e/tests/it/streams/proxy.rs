//! A TCP proxy that cuts connections.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A proxy in front of one address, which ends with the test.
#[derive(Debug)]
pub(super) struct Proxy {
    /// `host:port`.
    pub(super) address: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: String,
    limit: Mutex<Option<usize>>,
    taken: AtomicUsize,
    /// What is open; `None` once the proxy is gone.
    open: Mutex<Option<Vec<TcpStream>>>,
}

impl Proxy {
    pub(super) fn start(to: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("it binds");
        let address = listener.local_addr().expect("bound").to_string();
        let shared = Arc::new(Shared {
            to: to.to_owned(),
            limit: Mutex::default(),
            taken: AtomicUsize::new(0),
            open: Mutex::new(Some(Vec::new())),
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                if !serving.carry(caller) {
                    return;
                }
            }
        });
        Proxy { address, shared }
    }

    /// Cuts the next connection when it has brought so many bytes from beyond.
    pub(super) fn cut_after(&self, bytes: usize) {
        *self.shared.limit.lock().expect("not poisoned") = Some(bytes);
    }

    /// Cuts all connections; new ones are taken.
    pub(super) fn cut(&self) {
        let mut open = self.shared.open.lock().expect("not poisoned");
        open.iter_mut().flat_map(|open| open.drain(..)).for_each(|one| shut(&one));
    }

    /// Connections so far.
    pub(super) fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let open = self.shared.open.lock().expect("not poisoned").take();
        open.into_iter().flatten().for_each(|one| shut(&one));
        // The listener finds the proxy gone.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    /// Carries one connection; `false` once the proxy is gone.
    fn carry(&self, caller: TcpStream) -> bool {
        let Ok(beyond) = TcpStream::connect(&self.to) else {
            shut(&caller);
            return true;
        };
        for end in [&caller, &beyond] {
            end.set_nodelay(true).expect("set");
        }
        {
            let mut open = self.open.lock().expect("not poisoned");
            let Some(open) = open.as_mut() else { return false };
            open.extend([caller.try_clone().expect("cloned"), beyond.try_clone().expect("cloned")]);
        }
        self.taken.fetch_add(1, Ordering::SeqCst);
        let limit = self.limit.lock().expect("not poisoned").take();
        let (from, to) = (caller.try_clone().expect("cloned"), beyond.try_clone().expect("cloned"));
        std::thread::spawn(move || copy(from, to, usize::MAX));
        std::thread::spawn(move || copy(beyond, caller, limit.unwrap_or(usize::MAX)));
        true
    }
}

/// Copies until one end is gone or so many bytes are over; then neither end is left.
fn copy(mut from: TcpStream, mut to: TcpStream, limit: usize) {
    let (mut left, mut buffer) = (limit, [0; 16_384]);
    while left > 0 {
        let most = left.min(buffer.len());
        match from.read(&mut buffer[..most]) {
            Ok(0) | Err(_) => break,
            Ok(read) if to.write_all(&buffer[..read]).is_err() => break,
            Ok(read) => left -= read,
        }
    }
    shut(&from);
    shut(&to);
}

fn shut(one: &TcpStream) {
    let _ = one.shutdown(Shutdown::Both);
}
