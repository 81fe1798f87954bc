//! Revisions that a client executes: values, rows, and the step around them.

use crate::harness::{Daemon, Engine, Executor, Project, on_each, value};
use migrated_proto::v1::execute_step_request::Kind as Says;
use migrated_proto::v1::sql_value::Kind;
use migrated_proto::v1::{self, ClientStatement, SqlValue};

/// `a1` in SQL, `b2` in Python, `c3` in SQL again.
pub(crate) fn three(project: &Project) -> Daemon {
    let daemon = Daemon::serve(project, "127.0.0.1:0", "[runs]\nexecutor_wait = \"30s\"\n");
    project.configure_server(&format!("http://{}", daemon.address), "");
    project.three();
    project.remove("b2.sql");
    project.file("b2.rev.py", "# revision: b2\n# down_revision: a1\n# message: fill\n\ndef upgrade(): ...\n");
    daemon
}

fn cells(answer: &v1::StatementAnswer) -> Vec<Vec<Option<Kind>>> {
    let row = |row: &v1::ResultRow| row.values.iter().map(|value| value.kind.clone()).collect();
    answer.rows.iter().map(row).collect()
}

fn only(answer: &v1::StatementAnswer) -> Option<Kind> {
    assert_eq!(answer.failure, None);
    let cells = cells(answer);
    assert_eq!((cells.len(), cells[0].len()), (1, 1), "{answer:?}");
    cells[0][0].clone()
}

fn names(answer: &v1::StatementAnswer) -> Vec<(&str, &str)> {
    answer.columns.iter().map(|column| (column.name.as_str(), column.type_name.as_str())).collect()
}

fn text(text: &str) -> SqlValue {
    value(Kind::Text(text.into()))
}

/// The placeholders of an engine.
fn place(project: &Project, number: u32) -> String {
    match project.database.engine {
        Engine::Postgres => format!("${number}"),
        _ => "?".to_owned(),
    }
}

#[test]
fn a_client_executes_a_revision_between_others() {
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        let step = executor.step();
        assert_eq!((step.index, step.total, step.revision.as_str()), (2, 3, "b2"));
        assert_eq!(
            (step.path.as_str(), step.language.as_str(), step.attempt),
            ("migrations/b2.rev.py", "python", 1)
        );
        assert!(String::from_utf8_lossy(&step.source).contains("def upgrade()"), "{step:?}");
        assert_eq!((step.rows.as_slice(), step.direction()), (&["a1".to_owned()][..], v1::Direction::Up));
        executor.sql("CREATE TABLE made (id integer PRIMARY KEY, name varchar(40));");
        let insert = format!("INSERT INTO made VALUES ({}, {})", place(project, 1), place(project, 2));
        let set = |id, name: &str| vec![value(Kind::Integer(id)), text(name)];
        let answer = executor.many(&insert, vec![set(1, "one"), set(2, "zwei"), set(3, "it's")]);
        assert_eq!((answer.failure.clone(), answer.row_count), (None, Some(3)));
        let answer = executor.sql("SELECT name, id FROM made WHERE id > 1 ORDER BY id");
        let rows = [("zwei", 2), ("it's", 3)]
            .map(|(name, id)| vec![Some(Kind::Text(name.into())), Some(Kind::Integer(id))]);
        assert_eq!((cells(&answer), answer.row_count), (rows.to_vec(), Some(2)));
        let empty = executor.sql("SELECT name, id FROM made WHERE id > 10");
        assert_eq!((empty.columns.len(), empty.rows.len()), (2, 0), "columns are told without rows, too");
        let done = executor.done();
        assert_eq!((done.index, done.rows.as_slice()), (2, &["b2".to_owned()][..]));
        executor.ends();
        client.ends(project).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM made"), "3");
    });
}

#[test]
fn values_of_postgresql_come_as_they_are() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TYPE mood AS ENUM ('sad', 'glad')");
        let check = |executor: &mut Executor, sql: &str, kind: Option<Kind>| {
            assert_eq!(only(&executor.sql(&format!("SELECT {sql}"))), kind, "{sql}");
        };
        let e = &mut executor;
        check(e, "NULL::int", None);
        check(e, "true", Some(Kind::Boolean(true)));
        check(e, "(-32768)::int2", Some(Kind::Integer(-32_768)));
        check(e, "9223372036854775807", Some(Kind::Integer(i64::MAX)));
        check(e, "1.5::float4", Some(Kind::Real(1.5)));
        check(e, "0.1::float8", Some(Kind::Real(0.1)));
        check(
            e,
            "12345678901234567890.1200::numeric",
            Some(Kind::Decimal("12345678901234567890.1200".into())),
        );
        check(e, "0.00001230", Some(Kind::Decimal("0.00001230".into())));
        check(e, "'NaN'::numeric", Some(Kind::Decimal("NaN".into())));
        check(e, "'a''b'::text", Some(Kind::Text("a'b".into())));
        check(e, "'\\x00ff'::bytea", Some(Kind::Bytes(vec![0, 255])));
        check(e, "date '2026-11-21'", Some(Kind::Date("2026-11-21".into())));
        check(e, "date '0044-03-15 BC'", Some(Kind::Date("0044-03-15 BC".into())));
        check(e, "time '07:12:00.5'", Some(Kind::Time("07:12:00.5".into())));
        check(e, "timetz '07:12:00+01:30'", Some(Kind::Time("07:12:00+01:30".into())));
        check(
            e,
            "timestamp '1999-12-31 23:59:59.999999'",
            Some(Kind::Timestamp("1999-12-31 23:59:59.999999".into())),
        );
        check(
            e,
            "timestamptz '2026-11-21 07:12:00+02'",
            Some(Kind::Timestamptz("2026-11-21 05:12:00+00:00".into())),
        );
        check(e, "'infinity'::timestamptz", Some(Kind::Timestamptz("infinity".into())));
        check(
            e,
            "interval '1 year 2 mons 3 days 04:05:06.789'",
            Some(Kind::Interval("P1Y2M3DT4H5M6.789S".into())),
        );
        let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        check(e, &format!("'{uuid}'::uuid"), Some(Kind::Uuid(uuid.into())));
        check(e, "'{\"a\": [1]}'::jsonb", Some(Kind::Json("{\"a\": [1]}".into())));
        check(e, "'{ \"a\":1}'::json", Some(Kind::Json("{ \"a\":1}".into())));
        check(e, "'glad'::mood", Some(Kind::Text("glad".into())));
        let other = |text: &str, name: &str| {
            Some(Kind::Other(v1::SqlOther { text: text.into(), type_name: name.into() }))
        };
        check(e, "inet '10.0.0.1/8'", other("10.0.0.1/8", "inet"));
        check(e, "int4range(1, 5)", other("[1,5)", "int4range"));
        check(e, "ROW(1, 'x')", other("(1,x)", "record"));
        let array =
            |elements: Vec<SqlValue>, lower_bounds| Kind::Array(v1::SqlArray { elements, lower_bounds });
        let inner = |a, b| value(array(vec![value(Kind::Integer(a)), value(Kind::Integer(b))], vec![]));
        check(e, "ARRAY[[1,2],[3,4]]", Some(array(vec![inner(1, 2), inner(3, 4)], vec![])));
        let shifted = array(vec![text("x"), SqlValue::default()], vec![0]);
        check(e, "'[0:1]={x,NULL}'::text[]", Some(shifted.clone()));
        check(e, "'{}'::int[]", Some(array(vec![], vec![])));
        // What comes can be sent back, and is the same.
        let again = |executor: &mut Executor, of: &str, kind: Kind| {
            let answer = executor.with(&format!("SELECT $1::{of}"), vec![value(kind.clone())]);
            assert_eq!(only(&answer), Some(kind), "{of}");
        };
        again(e, "numeric", Kind::Decimal("-1.20".into()));
        again(e, "bytea", Kind::Bytes((0..=255).collect()));
        again(e, "mood", Kind::Text("sad".into()));
        again(e, "text[]", shifted);
        again(e, "int[]", array(vec![inner(1, 2), inner(3, 4)], vec![]));
        again(e, "interval", Kind::Interval("P1Y2M3DT4H5M6.789S".into()));
        again(e, "timestamptz", Kind::Timestamptz("2026-11-21 05:12:00.000001+00:00".into()));
        again(e, "date", Kind::Date("0044-03-15 BC".into()));
        again(e, "jsonb", Kind::Json("{\"a\": \"\\\"\"}".into()));
        again(e, "float8", Kind::Real(5e-324));
        again(
            e,
            "int4range",
            match other("[1,5)", "int4range") {
                Some(kind) => kind,
                None => unreachable!("it is a value"),
            },
        );
        // Types are told where the value has one.
        for (kind, ty) in [
            (Kind::Integer(7), "integer"),
            (Kind::Integer(1 << 40), "bigint"),
            (Kind::Decimal("1.0".into()), "numeric"),
            (Kind::Boolean(true), "boolean"),
            (Kind::Uuid(uuid.into()), "uuid"),
        ] {
            let answer = e.with("SELECT pg_typeof($1)::text", vec![value(kind)]);
            assert_eq!(only(&answer), Some(Kind::Text(ty.into())));
        }
        let answer = e.sql("SELECT 1 AS a, 'x'::varchar AS a, inet '::1' AS \"B c\"");
        assert_eq!(names(&answer), [("a", "int4"), ("a", "varchar"), ("B c", "inet")]);
        assert_eq!(answer.columns[2].type_code, 869, "the type's OID");
        let answer = e.sql("CREATE TABLE made (id serial PRIMARY KEY, at inet)");
        assert_eq!((answer.row_count, answer.columns.len()), (None, 0));
        let set = |at: &str| vec![text(at)];
        let answer =
            e.many("INSERT INTO made (at) VALUES ($1) RETURNING id, at", vec![set("::1"), set("::2")]);
        let expected =
            [(1, "::1"), (2, "::2")].map(|(id, at)| vec![Some(Kind::Integer(id)), other(at, "inet")]);
        assert_eq!((cells(&answer), answer.row_count, answer.failure), (expected.to_vec(), Some(2), None));
        assert_eq!(e.sql("DELETE FROM made WHERE id = 1").row_count, Some(1));
        executor.done();
        client.ends(project).succeeds();
    });
}

#[test]
fn many_rows_come_in_batches_and_can_be_stopped() {
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) \
                       SELECT a.i * 1000 + b.i, 'some text to make the rows longer' FROM n a, n b";
        let ids = executor.send(vec![ClientStatement {
            sql: numbers.into(),
            batch_rows: 100,
            ..Default::default()
        }]);
        let first = executor.answers();
        assert_eq!((first[0].rows.len(), first[0].complete, first[0].columns.len()), (100, false, 2));
        executor.say(Says::Stop(v1::StopRows { id: ids[0] }));
        let mut rows = 100;
        let last = loop {
            let answer = executor.answers().remove(0);
            rows += answer.rows.len();
            if answer.complete {
                break answer;
            }
        };
        assert!(last.stopped, "{last:?}");
        assert!(rows < 100_000, "{rows} rows came though none were wanted");
        // The conversation goes on behind it, and takes the whole of another.
        let all = executor.sql(numbers);
        assert_eq!((all.rows.len(), all.row_count), (810_000, Some(810_000)));
        executor.done();
        client.ends(project).succeeds();
    });
}

#[test]
fn statements_are_sent_ahead_and_skipped_after_a_failure() {
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer PRIMARY KEY)");
        executor.sql("SAVEPOINT before_it");
        let insert = |id| ClientStatement {
            sql: format!("INSERT INTO made VALUES ({id})"),
            after_success: true,
            ..Default::default()
        };
        let ids = executor.send(vec![insert(1), insert(1), insert(2), insert(3)]);
        let mut answers = Vec::new();
        while answers.len() < 4 {
            answers.extend(executor.answers());
        }
        let told: Vec<(u64, bool, bool)> =
            answers.iter().map(|a| (a.id, a.failure.is_some(), a.skipped)).collect();
        let expected =
            [(ids[0], false, false), (ids[1], true, false), (ids[2], false, true), (ids[3], false, true)];
        assert_eq!(told, expected);
        let failure = answers[1].failure.clone().expect("it failed");
        assert_eq!(failure.reason, "STATEMENT_FAILED", "{failure:?}");
        let sql = failure.sql.expect("the database said something");
        let sqlstate = match project.database.engine {
            Engine::Postgres => "23505",
            Engine::Mariadb => "23000",
            Engine::Sqlite => "1555",
        };
        assert_eq!(
            (sql.sqlstate.as_str(), sql.statement_index, sql.path.as_str()),
            (sqlstate, 4, "migrations/b2.rev.py")
        );
        if project.database.engine == Engine::Postgres {
            let aborted = executor.refused("SELECT 1").sql.expect("the database said something");
            assert_eq!(aborted.sqlstate, "25P02", "the transaction is aborted");
        }
        executor.sql("ROLLBACK TO SAVEPOINT before_it");
        executor.sql("INSERT INTO made VALUES (4)");
        executor.sql("RELEASE SAVEPOINT before_it");
        executor.done();
        client.ends(project).succeeds();
        assert_eq!(project.database.sql("SELECT id FROM made"), "4");
    });
}

#[test]
fn what_has_no_place_in_a_step_is_refused_and_the_step_goes_on() {
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head");
        executor.step();
        executor.sql("CREATE TABLE made (id integer PRIMARY KEY)");
        for sql in ["COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION"] {
            if sql == "START TRANSACTION" && project.database.engine == Engine::Sqlite {
                continue;
            }
            assert_eq!(executor.refused(sql).reason, "TRANSACTION_CONTROL", "{sql}");
        }
        for sql in ["INSERT INTO made VALUES (1); INSERT INTO made VALUES (2)", "", "-- nothing"] {
            assert_eq!(executor.refused(sql).reason, "INVALID_REQUEST", "{sql}");
        }
        executor.sql("SAVEPOINT before_it");
        let insert = format!("INSERT INTO made VALUES ({})", place(project, 1));
        let answer = executor.with(&insert, vec![value(Kind::Integer(1)), value(Kind::Integer(2))]);
        assert!(answer.failure.is_some(), "a parameter too many");
        executor.sql("ROLLBACK TO SAVEPOINT before_it");
        executor.sql("INSERT INTO made VALUES (5)");
        executor.done();
        client.ends(project).succeeds();
        assert_eq!(project.database.sql("SELECT id FROM made"), "5");
    });
}

#[test]
fn one_transaction_for_the_whole_run_holds_a_client_s_work_too() {
    on_each(&[Engine::Postgres, Engine::Sqlite], |project| {
        let daemon = three(project);
        project.revision("c3", "b2", "CREATE TABLE made (id integer);", "");
        let (client, mut executor) =
            Executor::of(project, &daemon.address, "upgrade head --per-run-transaction");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.done();
        // c3 makes the same table again: all of the run is undone.
        executor.ends();
        client.ends(project).exits(4).is("STATEMENT_FAILED");
        project.ctl("current").succeeds().says("");
        let (client, mut executor) =
            Executor::of(project, &daemon.address, "upgrade b2 --per-run-transaction");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.done();
        executor.ends();
        client.ends(project).succeeds();
        project.ctl("current").succeeds().says("b2");
    });
}

#[test]
fn a_client_s_work_is_rehearsed_where_the_rest_is() {
    on_each(Engine::ALL, |project| {
        let daemon = three(project);
        project.revision("c3", "b2", "INSERT INTO made VALUES (1);", "");
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head --rehearse");
        executor.step();
        executor.sql("CREATE TABLE made (id integer)");
        executor.done();
        executor.ends();
        client.ends(project).succeeds().tells("3 revisions would pass");
        project.ctl("current").succeeds().says("");
        project.database.try_sql("SELECT id FROM made").expect_err("it was rolled back");
    });
}

#[test]
fn a_client_s_rehearsal_does_not_reach_the_target() {
    on_each(&[Engine::Mariadb], |project| {
        let daemon = three(project);
        let name = &project.database.name;
        project.database.sql("CREATE TABLE real_one (id integer)");
        let before = project.database.dump();
        let (client, mut executor) = Executor::of(project, &daemon.address, "upgrade head --rehearse");
        executor.step();
        executor.sql("INSERT INTO real_one VALUES (1)");
        for sql in [format!("INSERT INTO {name}.real_one VALUES (2)"), format!("USE {name}")] {
            let refused = executor.refused(&sql);
            assert_eq!(refused.reason, "RUN_TRANSACTION_REFUSED", "{refused:?}");
        }
        executor.failed("OperationalError: refused");
        executor.ends();
        client.ends(project).exits(4).tells("is unchanged at <base>: it was tried in a copy");
        assert_eq!(project.database.dump(), before);
    });
}

#[test]
fn without_a_client_there_is_no_sql() {
    on_each(&[Engine::Sqlite], |project| {
        let _daemon = three(project);
        project.ctl("upgrade base:head --sql --dialect sqlite").exits(1).is("NEEDS_EXECUTOR");
        let plan = project.ctl("plan upgrade head").succeeds();
        assert!(plan.stdout.contains("python client executes it"), "{plan:?}");
        project.ctl("lint").succeeds();
    });
}
