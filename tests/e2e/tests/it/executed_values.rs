//! Revisions that a client executes: each type of MariaDB and SQLite as it comes and goes, values and results of any size,
//! and what bounds them.

use crate::executed::three;
use crate::harness::{Daemon, Database, Engine, Executor, Project, on_each, value};
use migrated_proto::v1::sql_value::Kind;
use migrated_proto::v1::{ClientStatement, SqlOther, SqlValue, StatementAnswer};
use migrated_testkit::{Mariadb, present};

/// The rows' values.
fn cells(answer: &StatementAnswer) -> Vec<Vec<Option<Kind>>> {
    assert_eq!(answer.failure, None);
    answer.rows.iter().map(|row| row.values.iter().map(|value| value.kind.clone()).collect()).collect()
}

/// A text, as kinds that hold one do.
fn text(kind: fn(String) -> Kind, text: &str) -> Option<Kind> {
    Some(kind(text.to_owned()))
}

/// Makes a column of that type, puts the value into it as a parameter, and reads it back.
#[track_caller]
fn kept(executor: &mut Executor, ty: &str, parameter: Option<Kind>) -> (Option<Kind>, String) {
    executor.sql(&format!("CREATE TABLE kept (v {ty})"));
    let answer = executor.with("INSERT INTO kept VALUES (?)", vec![SqlValue { kind: parameter.clone() }]);
    assert_eq!((answer.failure, answer.row_count), (None, Some(1)), "{ty}: {parameter:?}");
    let answer = executor.sql("SELECT v FROM kept");
    let of_type = answer.columns[0].type_name.clone();
    executor.sql("DROP TABLE kept");
    (cells(&answer)[0][0].clone(), of_type)
}

#[test]
fn values_of_mariadb_come_as_they_are() {
    on_each(&[Engine::Mariadb], |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("SET SESSION sql_mode = ''");
        executor.sql("SET SESSION time_zone = '+02:00'");
        let e = &mut executor;
        // What is sent, and comes back as it is.
        let same: [(&str, &str, Option<Kind>); 30] = [
            ("INT", "INT", None),
            ("TINYINT", "TINYINT", Some(Kind::Integer(-128))),
            ("SMALLINT UNSIGNED", "SMALLINT UNSIGNED", Some(Kind::Integer(65_535))),
            ("BIGINT", "BIGINT", Some(Kind::Integer(i64::MIN))),
            ("BIGINT UNSIGNED", "BIGINT UNSIGNED", Some(Kind::Integer(i64::MAX))),
            ("BIGINT UNSIGNED", "BIGINT UNSIGNED", Some(Kind::Unsigned(u64::MAX))),
            ("FLOAT", "FLOAT", Some(Kind::Real(1.5))),
            ("DOUBLE", "DOUBLE", Some(Kind::Real(0.1))),
            ("DOUBLE", "DOUBLE", Some(Kind::Real(-1.797_693_134_862_315_7e308))),
            ("DECIMAL(40, 10)", "DECIMAL", text(Kind::Decimal, "123456789012345678901234567890.1200000000")),
            ("DECIMAL(10, 4)", "DECIMAL", text(Kind::Decimal, "-0.0010")),
            ("DATE", "DATE", text(Kind::Date, "2026-11-21")),
            ("DATE", "DATE", text(Kind::Date, "0000-00-00")),
            ("TIME", "TIME", text(Kind::Time, "-838:59:59")),
            ("TIME(6)", "TIME", text(Kind::Time, "07:12:00.000001")),
            ("DATETIME", "DATETIME", text(Kind::Timestamp, "9999-12-31 23:59:59")),
            ("DATETIME", "DATETIME", text(Kind::Timestamp, "0000-00-00 00:00:00")),
            ("DATETIME(6)", "DATETIME", text(Kind::Timestamp, "2026-11-21 07:12:00.123456")),
            ("TIMESTAMP(3) NULL", "TIMESTAMP", text(Kind::Timestamp, "2026-11-21 07:12:00.5")),
            ("YEAR", "YEAR", Some(Kind::Integer(2026))),
            ("BINARY(3)", "BINARY", Some(Kind::Bytes(vec![0, 255, 0]))),
            ("VARBINARY(300)", "VARBINARY", Some(Kind::Bytes((0..=255).collect()))),
            ("BLOB", "BLOB", Some(Kind::Bytes(vec![]))),
            ("VARCHAR(20)", "VARCHAR", text(Kind::Text, "it's \\ \"\u{1F600}\"\n")),
            ("VARCHAR(20) CHARACTER SET latin1", "VARCHAR", text(Kind::Text, "Größe")),
            ("CHAR(3)", "CHAR", text(Kind::Text, "")),
            ("LONGTEXT", "TEXT", text(Kind::Text, "\0between\0")),
            ("ENUM('sad', 'glad')", "ENUM", text(Kind::Text, "glad")),
            ("SET('a', 'b', 'c')", "CHAR", text(Kind::Text, "a,c")),
            ("UUID", "CHAR", text(Kind::Text, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ];
        for (ty, name, kind) in same {
            assert_eq!(kept(e, ty, kind.clone()), (kind, name.to_owned()), "{ty}");
        }
        // What MariaDB has no type of its own for.
        for (ty, sent, comes) in [
            ("BOOLEAN", Some(Kind::Boolean(true)), Some(Kind::Integer(1))),
            ("BOOLEAN", Some(Kind::Boolean(false)), Some(Kind::Integer(0))),
            ("JSON", text(Kind::Json, "{\"a\": [1, \"ä\"]}"), text(Kind::Text, "{\"a\": [1, \"ä\"]}")),
            ("INET6", text(Kind::Text, "2001:db8::1"), text(Kind::Text, "2001:db8::1")),
            ("BIT(10)", Some(Kind::Integer(0b10_0000_0001)), Some(Kind::Bytes(vec![2, 1]))),
            (
                "DATETIME",
                text(Kind::Timestamp, "2026-11-21T07:12:00"),
                text(Kind::Timestamp, "2026-11-21 07:12:00"),
            ),
            (
                "VARCHAR(40)",
                Some(Kind::Other(SqlOther { text: "POINT(1 2)".into(), type_name: "point".into() })),
                text(Kind::Text, "POINT(1 2)"),
            ),
        ] {
            assert_eq!(kept(e, ty, sent).0, comes, "{ty}");
        }
        let array = Kind::Array(Default::default());
        let refused = e.with("SELECT ?", vec![value(array)]).failure.expect("there are no arrays");
        assert_eq!(refused.reason, "INVALID_REQUEST");
        executor.done();
        client.ends(project).succeeds();
    });
}

#[test]
fn values_of_sqlite_come_as_they_are() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        let e = &mut executor;
        let same: [(&str, &str, Option<Kind>); 14] = [
            ("INTEGER", "INTEGER", None),
            ("INTEGER", "INTEGER", Some(Kind::Integer(i64::MIN))),
            ("BIGINT", "INTEGER", Some(Kind::Integer(i64::MAX))),
            ("REAL", "REAL", Some(Kind::Real(0.1))),
            ("DOUBLE PRECISION", "REAL", Some(Kind::Real(-1.797_693_134_862_315_7e308))),
            ("BLOB", "BLOB", Some(Kind::Bytes((0..=255).collect()))),
            ("BLOB", "BLOB", Some(Kind::Bytes(vec![]))),
            ("TEXT", "TEXT", text(Kind::Text, "it's \\ \"\u{1F600}\"\n")),
            ("TEXT", "TEXT", text(Kind::Text, "")),
            ("TEXT", "TEXT", text(Kind::Text, "\0between\0")),
            // Each is what it is stored as, whatever the column says.
            ("TEXT", "TEXT", Some(Kind::Bytes(vec![1]))),
            ("INTEGER", "INTEGER", text(Kind::Text, "no number")),
            ("", "", Some(Kind::Integer(1))),
            ("JSON", "", text(Kind::Text, "{}")),
        ];
        for (ty, name, kind) in same {
            assert_eq!(kept(e, ty, kind.clone()), (kind, name.to_owned()), "{ty}");
        }
        for (ty, sent, comes) in [
            ("BOOLEAN", Some(Kind::Boolean(true)), Some(Kind::Integer(1))),
            ("DATE", text(Kind::Date, "2026-11-21"), text(Kind::Text, "2026-11-21")),
            ("TIME", text(Kind::Time, "07:12:00.000001"), text(Kind::Text, "07:12:00.000001")),
            (
                "DATETIME",
                text(Kind::Timestamp, "2026-11-21 07:12:00.123456"),
                text(Kind::Text, "2026-11-21 07:12:00.123456"),
            ),
            (
                "TEXT",
                text(Kind::Decimal, "12345678901234567890.1200"),
                text(Kind::Text, "12345678901234567890.1200"),
            ),
            ("TEXT", Some(Kind::Unsigned(u64::MAX)), text(Kind::Text, "18446744073709551615")),
            ("TEXT", text(Kind::Json, "{\"a\": [1]}"), text(Kind::Text, "{\"a\": [1]}")),
            (
                "TEXT",
                text(Kind::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
                text(Kind::Text, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ),
        ] {
            assert_eq!(kept(e, ty, sent).0, comes, "{ty}");
        }
        let odd = e.sql("SELECT CAST(x'66ff' AS TEXT), 1 = 1, 9e999");
        let expected =
            [Some(Kind::Bytes(vec![0x66, 0xff])), Some(Kind::Integer(1)), Some(Kind::Real(f64::INFINITY))];
        assert_eq!(cells(&odd), [expected], "text that is no UTF-8 comes as its bytes");
        let array = Kind::Array(Default::default());
        let refused = e.with("SELECT ?", vec![value(array)]).failure.expect("there are no arrays");
        assert_eq!(refused.reason, "INVALID_REQUEST");
        executor.done();
        client.ends(project).succeeds();
    });
}

#[test]
fn addresses_of_postgresql_come_as_its_shell_shows_them() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE hosts (at inet, net cidr, card macaddr, all_of_them inet[])");
        let set = ["10.0.0.1", "10.0.0.1/32", "08:00:2b:01:02:03", "{10.0.0.1,::1/64}"];
        let parameters = set.map(|one| value(Kind::Text(one.to_owned()))).to_vec();
        executor.with("INSERT INTO hosts VALUES ($1, $2, $3, $4)", parameters);
        let answer = executor.sql("SELECT * FROM hosts");
        let told: Vec<String> = answer.rows[0]
            .values
            .iter()
            .map(|value| match &value.kind {
                Some(Kind::Other(other)) => other.text.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        executor.done();
        client.ends(project).succeeds();
        let shell = project.database.sql("SELECT * FROM hosts");
        assert_eq!(told.join("|"), shell);
        assert_eq!(shell, "10.0.0.1|10.0.0.1/32|08:00:2b:01:02:03|{10.0.0.1,::1/64}");
    });
}

/// A statement that gives so many rows of so many characters each.
fn wide(engine: Engine, rows: u32, characters: u32) -> String {
    let wide = match engine {
        Engine::Sqlite => format!("printf('%.{characters}c', 'x')"),
        _ => format!("repeat('x', {characters})"),
    };
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT {wide} FROM n"
    )
}

#[test]
fn a_text_of_ten_megabytes_comes_and_goes() {
    const LENGTH: usize = 10 << 20;
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        let ty = if project.database.engine == Engine::Mariadb { "longtext" } else { "text" };
        let place = if project.database.engine == Engine::Postgres { "$1" } else { "?" };
        executor.sql(&format!("CREATE TABLE long_one (v {ty})"));
        let long: String = "äöü€".chars().cycle().take(LENGTH / 4).collect();
        let parameter = vec![value(Kind::Text(long.clone()))];
        let answer = executor.with(&format!("INSERT INTO long_one VALUES ({place})"), parameter);
        assert_eq!((answer.failure, answer.row_count), (None, Some(1)));
        let answer = executor.sql("SELECT v FROM long_one");
        assert!(cells(&answer) == [[Some(Kind::Text(long))]], "it is another text");
        executor.done();
        client.ends(project).succeeds();
    });
}

/// The most memory that a process ever had, in KiB.
fn peak(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_result_of_200_megabytes_costs_the_daemon_no_memory() {
    const ROWS: u32 = 3_200;
    const CHARACTERS: u32 = 65_000;
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        if project.database.engine == Engine::Mariadb {
            project.database.sql("SET GLOBAL max_recursive_iterations = 1000000");
        }
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        // What one row costs is spent already.
        executor.sql(&wide(project.database.engine, 4, CHARACTERS));
        let before = peak(&daemon);
        let sql = wide(project.database.engine, ROWS, CHARACTERS);
        executor.send(vec![ClientStatement { sql, ..Default::default() }]);
        let (mut rows, mut bytes, mut complete) = (0, 0, false);
        while !complete {
            for answer in executor.answers() {
                assert_eq!(answer.failure, None);
                rows += answer.rows.len();
                bytes += answer.rows.iter().map(prost_length).sum::<usize>();
                complete = answer.complete;
            }
        }
        assert_eq!((rows, bytes), (ROWS as usize, (ROWS * CHARACTERS) as usize));
        let grown = peak(&daemon).saturating_sub(before);
        assert!(grown < 24 << 10, "{grown} KiB more than before for {} MiB", bytes >> 20);
        executor.done();
        client.ends(project).succeeds();
    });
}

fn prost_length(row: &migrated_proto::v1::ResultRow) -> usize {
    let length = |value: &SqlValue| match &value.kind {
        Some(Kind::Text(text)) => text.len(),
        other => panic!("{other:?}"),
    };
    row.values.iter().map(length).sum()
}

#[test]
fn a_body_that_never_ends_is_ended_by_the_limit() {
    on_each(Engine::ALL, |project| {
        three(project).killed(project);
        let sections = "[limits]\nmax_statements = 5\n";
        let daemon = Daemon::serve(project, "127.0.0.1:0", sections);
        project.configure_server(&format!("http://{}", daemon.address), "");
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        for _ in 0..5 {
            executor.sql("SELECT 1");
        }
        executor.send(vec![ClientStatement { sql: "SELECT 1".into(), ..Default::default() }]);
        let failure = executor.not_done().failure.expect("it says why");
        assert_eq!(failure.reason, "LIMIT_EXCEEDED", "{failure:?}");
        assert!(failure.next.contains("limits.max_statements"), "{failure:?}");
        executor.ends();
        client.ends(project).is("LIMIT_EXCEEDED");
        project.ctl("current").succeeds().says("a1");
    });
}

#[test]
fn a_timeout_that_rolls_all_back_is_not_gone_on_with() {
    let server = Mariadb::start_with(&["--innodb-rollback-on-timeout=ON"]);
    let Some(server) = present(server.as_ref()) else { return };
    server.shell("mysql", "CREATE DATABASE shop").expect("made");
    let project = Project::new(Database::new(Engine::Sqlite).expect("it needs no server"));
    let daemon = three(&project);
    project.configure(&format!(
        "project = \"shop\"\ndatabase_url = \"{}\"\nserver = \"http://{}\"\n",
        server.url("shop"),
        daemon.address
    ));
    project.ctl("upgrade a1").succeeds();
    server.shell("shop", "CREATE TABLE held (id integer) SELECT 1 AS id").expect("made");
    let mut holder = server.client("shop").expect("it is installed");
    holder.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut holder = holder.spawn().expect("it starts");
    let mut stdin = holder.stdin.take().expect("piped");
    let mut told = String::new();
    use std::io::{BufRead as _, Write as _};
    writeln!(stdin, "START TRANSACTION; SELECT id FROM held FOR UPDATE;").expect("it reads");
    std::io::BufReader::new(holder.stdout.as_mut().expect("piped")).read_line(&mut told).expect("it answers");
    assert_eq!(told, "1\n");
    let (client, mut executor) = Executor::of(&project, &daemon.address, "upgrade head");
    executor.step();
    executor.sql("SET innodb_lock_wait_timeout = 1");
    executor.sql("INSERT INTO t_a1 VALUES (7)");
    assert_eq!(executor.refused("UPDATE held SET id = 2").reason, "LOCK_TIMEOUT");
    // The INSERT is gone: nothing that comes after it has a place any more, and a body that does not mind is not believed.
    assert_eq!(executor.refused("INSERT INTO t_a1 VALUES (8)").reason, "LOCK_TIMEOUT");
    let told = executor.failed("OperationalError: lock wait timeout");
    assert!(told.will_retry, "{told:?}");
    drop(stdin);
    holder.wait().expect("the shell ends with its input");
    assert_eq!(executor.step().attempt, 2);
    executor.sql("INSERT INTO t_a1 VALUES (9)");
    executor.sql("UPDATE held SET id = 2");
    executor.done();
    executor.ends();
    client.ends(&project).succeeds();
    assert_eq!(server.shell("shop", "SELECT group_concat(id ORDER BY id) FROM t_a1").expect("asked"), "1,9");
}
