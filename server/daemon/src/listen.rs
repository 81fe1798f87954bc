//! Listeners: any number of TCP ports and Unix sockets, one stream of connections.

mod connection;
mod socket;

pub(crate) use connection::{Connection, Peer};

use crate::config::listen::Address;
use crate::tls::Tls;
use socket::Socket;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause after an accept that failed for want of file descriptors or memory, which nothing announces the end of.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bound listeners; no connection is accepted before [`Listeners::accept`].
pub(crate) struct Listeners {
    all: Vec<Listener>,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, Socket),
}

/// An address that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("listen.addresses: {address}: {cause}")]
pub(crate) struct BindError {
    address: Address,
    cause: String,
}

impl Listeners {
    /// Binds every address, or none.
    ///
    /// # Errors
    /// The first address that cannot be bound, with the cause.
    pub(crate) async fn bind(addresses: &[Address]) -> Result<Listeners, BindError> {
        let mut all = Vec::with_capacity(addresses.len());
        for address in addresses {
            let fault = |cause: String| BindError { address: address.clone(), cause };
            all.push(match address {
                Address::Tcp(a) => {
                    Listener::Tcp(TcpListener::bind(a).await.map_err(|e| fault(e.to_string()))?)
                }
                Address::Unix(path) => {
                    let (listener, socket) = Socket::bind(path).map_err(|e| fault(e.to_string()))?;
                    let listener = UnixListener::from_std(listener).map_err(|e| fault(e.to_string()))?;
                    Listener::Unix(listener, socket)
                }
            });
        }
        Ok(Listeners { all })
    }

    /// The addresses as they were bound, with the port that the system chose for port 0.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let bound = |l: &Listener| match l {
            Listener::Tcp(listener) => listener.local_addr().map(Address::Tcp).ok(),
            Listener::Unix(_, socket) => Some(Address::Unix(socket.path().to_owned())),
        };
        self.all.iter().filter_map(bound).collect()
    }

    /// Accepts connections until `stop`; then the sockets are closed and removed, which the tracker waits for.
    pub(crate) fn accept(self, accepting: Accepting, stop: &CancellationToken) -> Accepted {
        let (send, connections) = mpsc::channel(64);
        let accepting = Arc::new(accepting);
        let listeners = TaskTracker::new();
        for listener in self.all {
            let (accepting, send, stop) = (accepting.clone(), send.clone(), stop.clone());
            listeners.spawn(async move {
                stop.run_until_cancelled(accept(&listener, &accepting, &send)).await;
            });
        }
        listeners.close();
        Accepted { connections, listeners }
    }
}

/// Connections as they come in.
pub(crate) struct Accepted {
    /// The connections.
    pub(crate) connections: mpsc::Receiver<io::Result<Connection>>,
    /// The listeners: they have gone, and their sockets with them, when this is done.
    pub(crate) listeners: TaskTracker,
}

/// What is done with a connection before it is served.
pub(crate) struct Accepting {
    /// TLS of TCP connections.
    pub(crate) tls: Option<Tls>,
    /// Bound on the handshake.
    pub(crate) handshake_timeout: Duration,
    /// Connections that may still be opened.
    pub(crate) room: Arc<Semaphore>,
}

type Sender = mpsc::Sender<io::Result<Connection>>;

async fn accept(listener: &Listener, accepting: &Arc<Accepting>, send: &Sender) {
    loop {
        let Ok(place) = accepting.room.clone().acquire_owned().await else { return };
        let accepted = match listener {
            Listener::Tcp(l) => {
                l.accept().await.map(|(io, from)| tcp(io, from, accepting.clone(), send.clone(), place))
            }
            Listener::Unix(l, _) => match l.accept().await {
                Ok((io, _)) => match io.peer_cred() {
                    Ok(peer) => {
                        let connection = Connection::new(io, Peer::Unix { uid: peer.uid() }, place);
                        send.send(Ok(connection)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
                    }
                    Err(e) => Err(e),
                },
                Err(e) => Err(e),
            },
        };
        if let Err(e) = accepted {
            if send.is_closed() {
                return;
            }
            tracing::warn!(error = %e, "a connection could not be accepted");
            // What a peer did wrong is over; what the system lacks may take a while.
            if !matches!(e.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A handshake is a task of its own: a peer that says nothing must not keep others waiting.
fn tcp(
    io: TcpStream,
    address: SocketAddr,
    accepting: Arc<Accepting>,
    send: Sender,
    place: OwnedSemaphorePermit,
) {
    tokio::spawn(async move {
        let _ = io.set_nodelay(true);
        let peer = Peer::Tcp { address };
        let connection = match &accepting.tls {
            None => Connection::new(io, peer, place),
            Some(tls) => {
                match tokio::time::timeout(accepting.handshake_timeout, tls.acceptor().accept(io)).await {
                    Ok(Ok(io)) => Connection::new(io, peer, place),
                    Ok(Err(e)) => return tracing::debug!(%address, error = %e, "the TLS handshake failed"),
                    Err(_) => return tracing::debug!(%address, "the TLS handshake took too long"),
                }
            }
        };
        let _ = send.send(Ok(connection)).await;
    });
}
