//! A way to the server that is cut at a chosen command.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Where to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the server sees the command.
    Before(usize),
    /// When the server has it, before anybody sees the answer.
    After(usize),
}

/// Starts a way to `port` that takes one connection and is cut once. Gives its port; the task ends with the
/// connection and tells whether it was cut.
pub(crate) async fn way(port: u16, cut: Cut) -> (u16, tokio::task::JoinHandle<bool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let ours = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (client, _) = listener.accept().await.expect("a client");
        let server = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let was_cut = forward(from_client, to_server, cut, &back).await;
        back.abort();
        was_cut
    });
    (ours, task)
}

/// Passes packets on, counting commands: their packets are number 0 of their exchange.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    cut: Cut,
    back: &tokio::task::JoinHandle<std::io::Result<u64>>,
) -> bool {
    let mut commands = 0;
    loop {
        let mut header = [0; 4];
        if from.read_exact(&mut header).await.is_err() {
            return false;
        }
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        let mut payload = vec![0; length];
        if from.read_exact(&mut payload).await.is_err() {
            return false;
        }
        commands += usize::from(header[3] == 0);
        if cut == Cut::Before(commands) {
            return true;
        }
        let cuts = cut == Cut::After(commands);
        if cuts {
            back.abort();
        }
        if to.write_all(&header).await.is_err() || to.write_all(&payload).await.is_err() {
            return false;
        }
        if cuts {
            return true;
        }
    }
}
