//! A connection, whatever it came over, with who is at its other end.

use std::io::{IoSlice, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tonic::transport::server::Connected;

/// Who is at the other end; in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A TCP connection.
    Tcp {
        /// Its address.
        address: SocketAddr,
    },
    /// A Unix socket's.
    Unix {
        /// The user that connected, as the kernel says.
        uid: u32,
    },
}

trait Io: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

/// A connection.
pub(crate) struct Connection {
    io: Pin<Box<dyn Io>>,
    peer: Peer,
    /// Given back when the connection ends.
    _place: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(
        io: impl AsyncRead + AsyncWrite + Send + 'static,
        peer: Peer,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Connection { io: Box::pin(io), peer, _place: place }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.io.as_mut().poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<Result<usize>> {
        self.io.as_mut().poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.io.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.io.as_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.io.as_mut().poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
