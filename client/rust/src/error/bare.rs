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
            let (who, next) = another_release(status);
            plain("", "UNIMPLEMENTED", format!("{who} does not know this call: {said}"))
                .state(NOTHING_EXECUTED)
                .next(next)
        }
        other => plain("", &upper_snake(other), causes(status)),
    }
}

/// Header by which a daemon tells its release.
const RELEASE: &str = "migrated-release";
const OURS: &str = env!("CARGO_PKG_VERSION");

/// Who does not know a call, and what to do about it.
fn another_release(status: &Status) -> (String, String) {
    let Some(theirs) = status.metadata().get(RELEASE).and_then(|told| told.to_str().ok()) else {
        let who = "what answers there names no release of migrated: it is another program, or stands before it, and";
        let next = format!(
            "check the address; then compare `migrated --version` with this client's release, {OURS}"
        );
        return (who.to_owned(), next);
    };
    let who = format!("the daemon is of release {theirs} and this client of {OURS}: the daemon");
    let next = match numbers(theirs) <= numbers(OURS) {
        true => format!("upgrade the daemon to release {OURS}, or use the migratectl of release {theirs}"),
        false => format!("upgrade migratectl to release {theirs}"),
    };
    (who, next)
}

/// The numbers of a release, which are what releases are compared by.
fn numbers(release: &str) -> Vec<u64> {
    let digits = release.split(['-', '+']).next().unwrap_or_default();
    digits.split('.').map(|number| number.parse().unwrap_or(0)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::metadata::MetadataValue;

    fn told_by(release: Option<&str>) -> Box<Error> {
        let mut status = Status::unimplemented("");
        if let Some(release) = release {
            let value = MetadataValue::try_from(release).expect("it is text");
            status.metadata_mut().insert(RELEASE, value);
        }
        from_bare_status(&status)
    }

    #[test]
    fn a_daemon_of_another_release_is_told_with_what_to_upgrade() {
        for (theirs, next) in [
            ("0.0.9", format!("upgrade the daemon to release {OURS}")),
            (OURS, format!("upgrade the daemon to release {OURS}")),
            ("99.1.0", "upgrade migratectl to release 99.1.0".to_owned()),
            ("0.10.0-rc.1", "upgrade migratectl to release 0.10.0-rc.1".to_owned()),
        ] {
            let error = told_by(Some(theirs));
            assert_eq!(error.reason, "UNIMPLEMENTED");
            assert!(error.message.contains(theirs) && error.message.contains(OURS), "{error}");
            assert!(error.next.starts_with(&next), "{theirs}: {}", error.next);
        }
        let error = told_by(None);
        assert!(error.message.contains("another program") && error.next.starts_with("check the address"));
    }
}
