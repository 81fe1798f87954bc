use super::{ChannelBindingMode, DatabaseUrl, PostgresHost, PostgresUrl, SslMode};
use migrated_core::Code;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn postgres(text: &str) -> PostgresUrl {
    match DatabaseUrl::parse(text).expect(text) {
        DatabaseUrl::Postgres(url) => url,
        other => panic!("{text}: {other:?}"),
    }
}

fn sqlite(text: &str) -> PathBuf {
    match DatabaseUrl::parse(text).expect(text) {
        DatabaseUrl::Sqlite(url) => url.path,
        other => panic!("{text}: {other:?}"),
    }
}

fn tcp(host: &str, port: u16) -> (PostgresHost, u16) {
    (PostgresHost::Tcp(host.into()), port)
}

#[test]
fn all_parts_are_read_and_decoded() {
    let url = postgres(
        "postgresql://us%40er:p%2Fw%3A%3F@db.example:6000/my%20db?sslmode=verify-full&options=-c%20a%3Db",
    );
    assert_eq!(url.hosts, [tcp("db.example", 6000)]);
    assert_eq!((url.user.as_str(), url.password.as_deref()), ("us@er", Some("p/w:?")));
    assert_eq!((url.database.as_str(), url.ssl_mode), ("my db", SslMode::VerifyFull));
    assert_eq!(url.options.as_deref(), Some("-c a=b"));
}

#[test]
fn drivers_of_sqlalchemy_mean_the_plain_one() {
    for scheme in
        ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg", "POSTGRESQL+psycopg2"]
    {
        assert_eq!(postgres(&format!("{scheme}://u@h/d")).key(), "postgresql://h:5432/d", "{scheme}");
    }
    for scheme in ["mysql", "mariadb", "mysql+pymysql", "mysql+aiomysql", "mariadb+mariadbconnector"] {
        match DatabaseUrl::parse(&format!("{scheme}://u:p@h/d")).expect(scheme) {
            DatabaseUrl::Mysql(url) => assert_eq!(url.key(), "mysql://h:3306/d"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sockets_can_be_named_in_three_ways() {
    for text in [
        "postgresql://u@/d?host=/run/pg&port=5433",
        "postgresql://u@%2Frun%2Fpg:5433/d",
        "postgresql+psycopg2://u@localhost:5433/d?host=/run/pg",
    ] {
        let url = postgres(text);
        assert_eq!(url.hosts, [(PostgresHost::Unix("/run/pg".into()), 5433)], "{text}");
    }
}

#[test]
fn several_hosts_and_ipv6_are_read() {
    let url =
        postgres("postgresql://u@a:1,[::1]:2,b/d?target_session_attrs=read-write&load_balance_hosts=random");
    assert_eq!(url.hosts, [tcp("a", 1), tcp("::1", 2), tcp("b", 5432)]);
    assert!(url.read_write && url.random_host);
    assert_eq!(postgres("postgresql://u@x/d?host=a,b&port=7").hosts, [tcp("a", 7), tcp("b", 7)]);
}

#[test]
fn options_reach_their_places() {
    let url = postgres(
        "postgresql://u@h/d?connect_timeout=7&channel_binding=require&keepalives=0&tcp_user_timeout=1500\
         &sslrootcert=/a/b.crt&sslnegotiation=direct&application_name=x",
    );
    assert_eq!(url.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(url.channel_binding, ChannelBindingMode::Require);
    assert!(!url.keepalives && url.ssl_direct);
    assert_eq!(url.tcp_user_timeout, Some(Duration::from_millis(1500)));
    assert_eq!(url.ssl_root_cert.as_deref(), Some(Path::new("/a/b.crt")));
    assert_eq!(postgres("postgresql+asyncpg://u@h/d?ssl=require").ssl_mode, SslMode::Require);
}

#[test]
fn defaults_are_libpqs_and_the_environment_is_not_asked() {
    let url = postgres("postgresql://u@");
    assert_eq!(
        (url.hosts, url.database.as_str(), url.ssl_mode),
        (vec![tcp("localhost", 5432)], "u", SslMode::Prefer)
    );
    let url = postgres("postgresql:///d");
    assert_eq!(url.user, whoami::username().expect("this process has a user"));
}

#[test]
fn names_of_this_machine_are_one_key() {
    let keys: Vec<String> = ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost:5432"]
        .map(|host| postgres(&format!("postgresql://u@{host}/d")).key())
        .into();
    assert!(keys.iter().all(|key| key == "postgresql://localhost:5432/d"), "{keys:?}");
    assert_eq!(postgres("postgresql://u@b,a/d").key(), postgres("postgresql://v:w@a,b/d").key());
    assert_ne!(postgres("postgresql://u@h/d").key(), postgres("postgresql://u@h/e").key());
}

#[test]
fn secrets_are_never_shown() {
    let url = DatabaseUrl::parse("postgresql://u:hunter2@h/d?options=-chunter2").expect("a URL");
    assert_eq!(format!("{url:?}"), "Postgres(postgresql://u@h:5432/d)");
    let url = DatabaseUrl::parse("mysql://u:hunter2@h/d").expect("a URL");
    assert_eq!(format!("{url:?}"), "Mysql(mysql://u@h:3306/d)");
    for broken in [
        "hunter2",
        "hunter2:secret",
        "postgresql:u:hunter2@h/d",
        "postgresql://u:hunter2/x@h:a/d",
        "postgresql://u:hunter2#?x@h/d",
        "postgresql://u:%hunter2@h/d",
        "postgresql://u:hunter2@h:99999/d",
        "postgresql://u:p@h/d?passwort=hunter2",
        "postgresql://u:p@h/d?sslmode=hunter2",
        "postgresql://u:p@h/d?connect_timeout=hunter2",
        "mysql://u:p@h/d?ssl-mode=hunter2",
    ] {
        let error = DatabaseUrl::parse(broken).expect_err(broken);
        assert_eq!(error.code, Code::TargetUrlInvalid, "{broken}");
        let shown = format!("{error:?}").replace("\"hunter2\"", "hunter2");
        let scheme = broken.starts_with("hunter2:");
        assert!(scheme || !shown.contains("hunter2"), "{broken}: {shown}");
    }
}

#[test]
fn unknown_options_name_the_nearest() {
    let error = DatabaseUrl::parse("postgresql://u@h/d?ssl_mode=require").expect_err("unknown");
    assert!(error.help.contains("\"sslmode\""), "{error:?}");
    let error = DatabaseUrl::parse("postgresql://u@h/d?conect_timeout=1").expect_err("unknown");
    assert!(error.help.contains("\"connect_timeout\""), "{error:?}");
    let error = DatabaseUrl::parse("postgresql://u@h/d?passfile=/x").expect_err("refused");
    assert!(error.message.contains("password file"), "{error:?}");
    let error = DatabaseUrl::parse("oracle://u@h/d").expect_err("unknown scheme");
    assert!(error.message.contains("\"oracle\""), "{error:?}");
}

#[test]
fn servers_without_writes_are_refused() {
    for value in ["standby", "read-only", "prefer-standby"] {
        let url = format!("postgresql://u@h/d?target_session_attrs={value}");
        assert_eq!(DatabaseUrl::parse(&url).expect_err(value).code, Code::TargetUrlInvalid);
    }
}

#[test]
fn sqlite_paths_follow_sqlalchemy() {
    assert_eq!(sqlite("sqlite:///rel/a.db"), Path::new("rel/a.db"));
    assert_eq!(sqlite("sqlite:////abs/a%20b.db"), Path::new("/abs/a b.db"));
    assert_eq!(sqlite("sqlite+aiosqlite:////abs/a.db"), Path::new("/abs/a.db"));
    assert_eq!(sqlite("sqlite:rel.db"), Path::new("rel.db"));
    assert_eq!(DatabaseUrl::parse("sqlite://host/x").expect_err("a host").code, Code::TargetUrlInvalid);
}

#[test]
fn databases_in_memory_are_refused() {
    for text in [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite::memory:",
        "sqlite:",
        "sqlite:///x?mode=memory",
        "sqlite+aiosqlite://",
    ] {
        assert_eq!(DatabaseUrl::parse(text).expect_err(text).code, Code::MemoryTarget, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_login_survives_encoding(user in "[^\0]{1,20}", password in "[^\0]{0,20}") {
        let encoded = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
        let url = postgres(&format!("postgresql://{}:{}@h/d", encoded(&user), encoded(&password)));
        proptest::prop_assert_eq!((url.user, url.password), (user, Some(password)));
    }

    #[test]
    fn nothing_makes_it_panic(text in ".{0,80}") {
        let _ = DatabaseUrl::parse(&text);
        let _ = DatabaseUrl::parse(&format!("postgresql://{text}"));
    }
}
