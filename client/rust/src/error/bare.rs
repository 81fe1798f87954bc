//! What a status without our details means: a proxy's, a transport's that failed, or nobody's.

use super::{Error, ExitOrFailure, NOTHING_EXECUTED, Own, UNTOLD};
use crate::exit;
use tonic::{Code, Status};

/// Whether the status was made here, because the transport failed, and not by a peer. TLS 1.3 tells a client only with
/// its first call that its certificate is refused, and who speaks HTTP/2 to a TLS port is answered by no HTTP/2 at all.
fn is_transport(status: &Status) -> bool {
    std::error::Error::source(status).is_some()
}

/// The failure that the canonical code tells of.
pub(super) fn from_bare_status(status: &Status) -> Box<Error> {
    let plain = |code: &str, reason: &str, message: String| {
        Box::new(Error {
            code: code.into(),
            reason: reason.into(),
            message,
            exit: ExitOrFailure(exit::of_reason(reason)),
            ..Error::default()
        })
        .told()
    };
    let said = status.message().to_string();
    match status.code() {
        Code::Unknown | Code::Internal | Code::Cancelled if is_transport(status) => Own::DaemonUnreachable
            .error(causes(status))
            .state(UNTOLD)
            .next("check the address, whether TLS is spoken there, and the certificates of both sides"),
        Code::Unavailable => Own::DaemonUnreachable.error(causes(status)).state(UNTOLD),
        Code::Unauthenticated => plain("MG6001", "UNAUTHENTICATED", said)
            .state(NOTHING_EXECUTED)
            .next("set a token: `MIGRATECTL_TOKEN`, `--token-file`, or `token_file` in migratectl.toml"),
        Code::PermissionDenied => plain("MG6002", "PERMISSION_DENIED", said).state(NOTHING_EXECUTED),
        Code::DeadlineExceeded => plain("MG5003", "DEADLINE_PASSED", said),
        Code::Unimplemented => {
            plain("", "UNIMPLEMENTED", format!("the daemon does not know this call: {said}"))
                .next("compare `migratectl version` with the daemon's release")
        }
        other => plain("", &upper_snake(other), causes(status)),
    }
}

/// The message with the causes below it: a transport's own message ("transport error") says nothing alone.
fn causes(status: &Status) -> String {
    let mut text = status.message().to_string();
    let mut source = std::error::Error::source(status);
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = if text.is_empty() { said } else { format!("{text}: {said}") };
        }
        source = cause.source();
    }
    text
}

fn upper_snake(code: Code) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}
