//! `COPY … FROM STDIN` with data that stands in the script.

use super::session::{PostgresSession, notice};
use super::wire::{Wire, WireError};
use crate::Tell;
use bytes::Bytes;
use futures_util::SinkExt;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use tokio_postgres::error::DbError;

/// What goes into one message: large enough to be cheap, small enough to keep memory bounded.
const PIECE: usize = 64 * 1024;

/// Runs the COPY and feeds it the lines of `data`, without its end marker. The text is shared, not copied.
pub(super) async fn run(
    session: &mut PostgresSession,
    statement: &str,
    script: &Arc<str>,
    data: Range<usize>,
    tell: &dyn Tell,
) -> Result<u64, WireError> {
    let data = Bytes::from_owner(SharedText(script.clone())).slice(without_end_marker(script, data));
    feed(&mut session.wire, statement, data, &mut |message| tell.event(notice(&message))).await
}

/// Runs a COPY and feeds it `data`.
pub(super) async fn feed(
    wire: &mut Wire,
    statement: &str,
    data: Bytes,
    notice: &mut (dyn FnMut(DbError) + Send),
) -> Result<u64, WireError> {
    wire.run(
        |client| async move {
            let mut sink = pin!(client.copy_in::<str, Bytes>(statement).await?);
            let mut rest = data;
            while !rest.is_empty() {
                let piece = rest.split_to(rest.len().min(PIECE));
                sink.send(piece).await?;
            }
            sink.finish().await
        },
        notice,
    )
    .await
}

struct SharedText(Arc<str>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Leaves out a last line that is only `\.`: it ends the data for psql, in the protocol the end has its own
/// message.
fn without_end_marker(script: &str, data: Range<usize>) -> Range<usize> {
    let text = &script[data.clone()];
    let lines = text.strip_suffix('\n').unwrap_or(text);
    let lines = lines.strip_suffix('\r').unwrap_or(lines);
    match lines.strip_suffix("\\.") {
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => data.start..data.start + rest.len(),
        _ => data,
    }
}

#[cfg(test)]
mod tests {
    use super::without_end_marker;

    fn kept(data: &str) -> &str {
        &data[without_end_marker(data, 0..data.len())]
    }

    #[test]
    fn end_marker_is_left_out() {
        assert_eq!(kept("a\tb\n\\.\n"), "a\tb\n");
        assert_eq!(kept("a\tb\n\\."), "a\tb\n");
        assert_eq!(kept("a\r\n\\.\r\n"), "a\r\n");
        assert_eq!(kept("\\.\n"), "");
    }

    #[test]
    fn data_without_marker_is_kept() {
        assert_eq!(kept("a\tb\n"), "a\tb\n");
        assert_eq!(kept("a\\.\n"), "a\\.\n");
        assert_eq!(kept(""), "");
    }
}
