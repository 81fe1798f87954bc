"""PEP 249 over ExecuteStep: values there and back, results, errors, on every engine."""

from __future__ import annotations

import datetime as dt
import math
import tracemalloc
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bed.models.engine import Engine
from bed.stepped import step_of
from migrated import dbapi

UTC = dt.timezone.utc

COMMON: list[tuple[str, Any]] = [
    ("INTEGER", 0),
    ("INTEGER", -2147483648),
    ("BIGINT", 9223372036854775807),
    ("BIGINT", -9223372036854775808),
    ("VARCHAR(80)", ""),
    ("VARCHAR(80)", 'it\'s "quoted" \\ 100% :x ? $1 \u20ac \U0001f600\n\t'),
    ("DOUBLE PRECISION", 0.1),
    ("DOUBLE PRECISION", -1.7976931348623157e308),
    ("DOUBLE PRECISION", 5e-324),
    ("INTEGER", None),
    ("VARCHAR(80)", None),
]

POSTGRES: list[tuple[str, Any]] = [
    ("boolean", True),
    ("boolean", False),
    ("numeric", Decimal("-12.3400")),
    ("numeric", Decimal("123456789012345678901234567890.123456789")),
    ("numeric", Decimal("Infinity")),
    ("bytea", bytes(range(256))),
    ("bytea", b""),
    ("date", dt.date(1, 1, 1)),
    ("date", dt.date(9999, 12, 31)),
    ("time", dt.time(7, 12, 0, 123456)),
    ("time", dt.time(0, 0)),
    ("timestamp", dt.datetime(2026, 11, 21, 7, 12, 0, 1)),
    ("timestamptz", dt.datetime(2026, 11, 21, 7, 12, tzinfo=UTC)),
    ("interval", dt.timedelta(days=-3, hours=5, microseconds=7)),
    ("uuid", UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    ("jsonb", {"a": [1, 2.5, None, True, "\u00fc"], "b": {}}),
    ("integer[]", [1, None, -3]),
    ("text[]", ["a,b", '"', "", "\\", None, "NULL"]),
    ("integer[][]", [[1, 2], [3, 4]]),
    ("text[]", []),
    ("real", 0.5),
]

MYSQL: list[tuple[str, Any]] = [
    ("DECIMAL(20,4)", Decimal("-12.3400")),
    ("BIGINT UNSIGNED", 18446744073709551615),
    ("VARBINARY(256)", bytes(range(256))),
    ("DATE", dt.date(2026, 11, 21)),
    ("TIME(6)", dt.timedelta(hours=-838, minutes=-59, seconds=-58, microseconds=-1)),
    ("DATETIME(6)", dt.datetime(2026, 11, 21, 7, 12, 0, 123456)),
    ("LONGTEXT", "x" * 200_000),
]

SQLITE: list[tuple[str, Any]] = [("BLOB", bytes(range(256))), ("BLOB", b""), ("TEXT", "x" * 200_000)]

OWN = {"postgresql": POSTGRES, "mysql": MYSQL, "mariadb": MYSQL, "sqlite": SQLITE}


def _marks(connection: dbapi.Connection, number: int) -> str:
    dollar = connection.step.dialect == "postgresql"
    return ", ".join(f"${n}" if dollar else "?" for n in range(1, number + 1))


def names_of(cursor: dbapi.Cursor) -> list[str]:
    """Tell the columns, each of which has seven facts (PEP 249)."""
    described = cursor.description or []
    assert all(len(column) == 7 for column in described)
    return [column[0] for column in described]


def test_values_there_and_back(engine: Engine) -> None:
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        for number, (type_name, value) in enumerate([*COMMON, *OWN[engine.dialect]]):
            table = f"v{number}"
            cursor.execute(f"CREATE TABLE {table} (v {type_name})")
            cursor.execute(f"INSERT INTO {table} VALUES ({_marks(connection, 1)})", [value])
            cursor.execute(f"SELECT v FROM {table}")
            row = cursor.fetchone()
            assert row == (value,), type_name
            assert type(row[0]) is type(value), type_name
            assert cursor.fetchone() is None
            cursor.execute(f"DROP TABLE {table}")


def test_not_a_number(engine: Engine) -> None:
    if engine.dialect != "postgresql":
        pytest.skip("only PostgreSQL has one")
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT $1::float8, $2::numeric", [math.nan, Decimal("NaN")])
        row = cursor.fetchone()
        assert row is not None
        assert math.isnan(row[0])
        assert row[1].is_nan()


def test_what_python_cannot_hold_comes_as_text(engine: Engine) -> None:
    if engine.dialect != "postgresql":
        pytest.skip("only PostgreSQL has these")
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 'infinity'::date, '0044-03-15 BC'::date, int4range(1, 3), '10.0.0.0/8'::inet")
        assert cursor.fetchone() == ("infinity", "0044-03-15 BC", "[1,3)", "10.0.0.0/8")


def test_counts_and_descriptions(engine: Engine) -> None:
    key = {"postgresql": "SERIAL", "sqlite": "INTEGER"}.get(engine.dialect, "INTEGER AUTO_INCREMENT")
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t (id {key} PRIMARY KEY, name VARCHAR(9))")
        assert names_of(cursor) == []
        cursor.executemany(f"INSERT INTO t (name) VALUES ({_marks(connection, 1)})", [["a"], ["b"], [None]])
        assert cursor.rowcount == 3
        if engine.dialect != "postgresql":
            cursor.execute("INSERT INTO t (name) VALUES ('d')")
            assert cursor.lastrowid == 4
        cursor.execute("SELECT id, name FROM t ORDER BY id")
        assert names_of(cursor) == ["id", "name"]
        assert cursor.fetchmany(2) == [(1, "a"), (2, "b")]
        assert cursor.fetchall()[0] == (3, None)
        cursor.execute("SELECT id FROM t WHERE id < 0")
        assert names_of(cursor) == ["id"]
        assert cursor.fetchall() == []
        cursor.execute("UPDATE t SET name = 'z' WHERE id <= 2")
        assert cursor.rowcount == 2
        cursor.executemany("DELETE FROM t", [])
        assert cursor.rowcount == 0
        cursor.execute("DROP TABLE t")


def test_two_cursors(engine: Engine) -> None:
    with step_of(engine.project) as connection:
        one, other = connection.cursor(), connection.cursor()
        one.execute("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")
        assert one.fetchone() == (1,)
        other.execute("SELECT 10")
        assert other.fetchall() == [(10,)]
        assert one.fetchall() == [(2,), (3,)]
        connection.close()
        with pytest.raises(dbapi.InterfaceError, match="step has ended"):
            connection.cursor()


STATES = {
    "postgresql": ("23505", "42P01", "42601"),
    "mysql": ("23000", "42S02", "42000"),
    "mariadb": ("23000", "42S02", "42000"),
    "sqlite": ("1555", "1", "1"),
}


def test_errors(engine: Engine) -> None:
    taken, missing, wrong = STATES[engine.dialect]
    programming = dbapi.OperationalError if engine.dialect == "sqlite" else dbapi.ProgrammingError
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE e (id INTEGER PRIMARY KEY)")
        cursor.execute("INSERT INTO e VALUES (1)")
        for kind, state, statement in (
            (dbapi.IntegrityError, taken, "INSERT INTO e VALUES (1)"),
            (programming, missing, "SELECT * FROM nowhere"),
            (programming, wrong, "SELEKT 1"),
        ):
            cursor.execute("SAVEPOINT s")
            with pytest.raises(kind) as caught:
                cursor.execute(statement)
            assert caught.value.sqlstate == state, statement
            assert caught.value.failure is not None
            cursor.execute("ROLLBACK TO SAVEPOINT s")
        with pytest.raises(dbapi.ProgrammingError, match="type object"):
            cursor.execute(f"SELECT {_marks(connection, 1)}", [object()])
        cursor.execute("DROP TABLE e")


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "BEGIN", "commit;", "/* x */ COMMIT"])
def test_a_body_does_not_commit(engine: Engine, statement: str) -> None:
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        with pytest.raises(dbapi.DatabaseError) as caught:
            cursor.execute(statement)
        assert caught.value.failure is not None
        assert caught.value.failure.code == "MG1108"
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(dbapi.NotSupportedError, match="the daemon does"):
            connection.commit()


def test_large_results_stream(engine: Engine) -> None:
    rows = 100_000
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
        "SELECT a.i, b.i, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' "
        "FROM n a CROSS JOIN n b WHERE b.i <= 100"
    )
    with step_of(engine.project) as connection, connection.cursor() as cursor:
        tracemalloc.start()
        cursor.execute(numbers)
        count = sum(1 for _ in cursor)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == rows
        # 100,000 rows of 80 bytes are over 20 MB as Python's objects.
        assert peak < 6_000_000
        cursor.execute(numbers)
        assert cursor.fetchone() is not None
        cursor.close()
        with connection.cursor() as other:
            other.execute("SELECT 7")
            assert other.fetchall() == [(7,)]
