use super::{Access, digest};
use crate::config::Config;
use crate::config::access::{Moment, Right, Rights, Token};
use crate::listen::Peer;
use jiff::Timestamp;
use migrated_core::Code;

const READ: &str = "/migrated.v1.RunService/GetRun";
const OPERATE: &str = "/migrated.v1.MigrationService/Upgrade";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

fn token(name: &str, rights: &[Right], expires: Option<&str>) -> Token {
    Token {
        name: name.into(),
        sha256: Some(hex::encode(digest(name))),
        rights: Rights(rights.to_vec()),
        expires: expires.map(|e| Moment(e.parse().expect("a time"))),
        ..Token::default()
    }
}

fn access(tokens: Vec<Token>) -> Access {
    let mut config = Config::default();
    config.access.tokens = tokens;
    config.access.unix_uids = vec![4242];
    Access::load(&config).expect("tokens without files")
}

fn tcp() -> Peer {
    Peer::Tcp { address: "127.0.0.1:1".parse().expect("an address") }
}

/// Outcome of a call: the caller's name, or the code of the refusal.
fn call(access: &Access, path: &str, peer: &Peer, sent: Option<&str>) -> Result<String, Code> {
    let now: Timestamp = "2026-11-21T00:00:00Z".parse().expect("a time");
    let caller = access.admit(path, Some(peer), sent.map(str::as_bytes), now).map_err(|r| r.code)?;
    Ok(caller.map(|c| c.name).unwrap_or_default())
}

#[test]
fn a_token_admits_within_its_rights_and_time() {
    let access = access(vec![
        token("reader", &[Right::Read], None),
        token("operator", &[Right::Operate], Some("2026-11-21T00:00:01Z")),
        token("old", &[Right::Operate], Some("2026-11-21T00:00:00Z")),
    ]);
    for (path, sent, expected) in [
        (READ, Some("Bearer reader"), Ok("reader")),
        (READ, Some("bearer  reader "), Ok("reader")),
        (OPERATE, Some("Bearer reader"), Err(Code::PermissionDenied)),
        (READ, Some("Bearer operator"), Ok("operator")),
        (OPERATE, Some("Bearer operator"), Ok("operator")),
        (READ, Some("Bearer old"), Err(Code::Unauthenticated)),
        (READ, Some("Bearer nobody"), Err(Code::Unauthenticated)),
        (READ, Some("Bearer "), Err(Code::Unauthenticated)),
        (READ, Some("Basic reader"), Err(Code::Unauthenticated)),
        (READ, Some("reader"), Err(Code::Unauthenticated)),
        (READ, None, Err(Code::Unauthenticated)),
        (REFLECTION, None, Err(Code::Unauthenticated)),
        (REFLECTION, Some("Bearer reader"), Ok("reader")),
        ("/nothing/AtAll", None, Err(Code::Unauthenticated)),
        (HEALTH, None, Ok("")),
        (HEALTH, Some("Bearer nobody"), Ok("")),
    ] {
        assert_eq!(call(&access, path, &tcp(), sent), expected.map(str::to_owned), "{path} {sent:?}");
    }
}

#[test]
fn a_loopback_address_without_tokens_asks_for_nothing() {
    let access = access(vec![]);
    assert_eq!(call(&access, OPERATE, &tcp(), None), Ok("local".into()));
    assert_eq!(call(&access, OPERATE, &tcp(), Some("Bearer any")), Err(Code::Unauthenticated));
}

#[test]
fn a_peer_of_the_socket_is_known_by_its_user() {
    let own = rustix::process::geteuid().as_raw();
    let access = access(vec![token("reader", &[Right::Read], None)]);
    for (uid, sent, expected) in [
        (own, None, Ok(format!("uid:{own}"))),
        (0, None, Ok("uid:0".into())),
        (4242, None, Ok("uid:4242".into())),
        (4343, None, Err(Code::PermissionDenied)),
        (4343, Some("Bearer reader"), Err(Code::PermissionDenied)),
        (own, Some("Bearer reader"), Err(Code::PermissionDenied)),
        (own, Some("Bearer nobody"), Err(Code::Unauthenticated)),
    ] {
        assert_eq!(call(&access, OPERATE, &Peer::Unix { uid }, sent), expected, "{uid} {sent:?}");
    }
}

#[test]
fn token_files_are_read_again_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (secret, hash) = (folder.path().join("token"), folder.path().join("sha256"));
    std::fs::write(&secret, "one\nignored").expect("written");
    std::fs::write(&hash, format!("{}  -\n", hex::encode(digest("two")))).expect("written");
    let mut config = Config::default();
    let of_file = |name: &str| Token { name: name.into(), rights: Rights::all(), ..Token::default() };
    config.access.tokens = vec![
        Token { token_file: Some(secret.clone()), ..of_file("one") },
        Token { sha256_file: Some(hash.clone()), ..of_file("two") },
    ];
    // `sha256sum` prints a file name behind the hash: that is no hash.
    let fault = Access::load(&config).err().expect("no hash");
    assert!(fault.contains("access.tokens[1] (two).sha256_file"), "{fault}");
    std::fs::write(&hash, hex::encode(digest("two"))).expect("written");
    let access = Access::load(&config).expect("both files are well");
    assert_eq!(call(&access, READ, &tcp(), Some("Bearer one")), Ok("one".into()));
    assert_eq!(call(&access, READ, &tcp(), Some("Bearer two")), Ok("two".into()));

    std::fs::write(&secret, "three").expect("written");
    access.clone().reload(&config).expect("the files are well");
    assert_eq!(call(&access, READ, &tcp(), Some("Bearer one")), Err(Code::Unauthenticated));
    assert_eq!(call(&access, READ, &tcp(), Some("Bearer three")), Ok("one".into()));

    std::fs::remove_file(&secret).expect("removed");
    assert!(access.reload(&config).is_err());
    assert_eq!(call(&access, READ, &tcp(), Some("Bearer three")), Ok("one".into()));
}
