"""Values as Python has them, and as they travel."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from migrated.dbapi.errors import DataError, ProgrammingError
from migrated.v1.execute_pb2 import SqlArray, SqlOther, SqlValue

_LONGEST = 2**63
"""Integers of PostgreSQL's and SQLite's widest type lie below."""


def encode(value: Any, engine: str = "postgresql") -> SqlValue:
    """Make a parameter for an engine: `postgresql`, `mysql` or `sqlite`.

    Raises:
        ProgrammingError: A value of that type has no form in SQL.
        DataError: An integer is wider than 64 bits.

    """
    if value is None:
        return SqlValue()
    if isinstance(value, Enum):
        return encode(value.value, engine)
    if engine == "mysql" and isinstance(value, dt.timedelta):
        return SqlValue(time=_span(value))
    for kind, make in _ENCODE:
        if isinstance(value, kind):
            return make(value)
    raise ProgrammingError(f"a parameter of type {type(value).__name__} has no form in SQL")


def _integer(value: int) -> SqlValue:
    if -_LONGEST <= value < _LONGEST:
        return SqlValue(integer=value)
    if 0 <= value < 2 * _LONGEST:
        return SqlValue(unsigned=value)
    return SqlValue(decimal=str(value))


def _time(value: dt.time) -> SqlValue:
    return SqlValue(time=value.isoformat())


def _timestamp(value: dt.datetime) -> SqlValue:
    text = value.isoformat(" ")
    return SqlValue(timestamp=text) if value.tzinfo is None else SqlValue(timestamptz=text)


def _interval(value: dt.timedelta) -> SqlValue:
    """Write days and microseconds: nothing else is kept in Python."""
    seconds, micros = value.seconds, value.microseconds
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    return SqlValue(interval=f"P{value.days}DT{seconds}{fraction}S")


def _span(value: dt.timedelta) -> str:
    """Write what MySQL's TIME is: a span of up to 838 hours, of either sign."""
    sign, value = ("-", -value) if value < dt.timedelta() else ("", value)
    minutes, seconds = divmod(value.days * 86400 + value.seconds, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _array(value: Sequence[Any]) -> SqlValue:
    return SqlValue(array=SqlArray(elements=[encode(one) for one in value]))


def _json(value: Any) -> SqlValue:
    return SqlValue(json=json.dumps(value))


_ENCODE: list[tuple[type | tuple[type, ...], Callable[[Any], SqlValue]]] = [
    (bool, lambda value: SqlValue(boolean=value)),
    (int, _integer),
    (float, lambda value: SqlValue(real=value)),
    (Decimal, lambda value: SqlValue(decimal=_decimal_text(value))),
    (str, lambda value: SqlValue(text=value)),
    ((bytes, bytearray, memoryview), lambda value: SqlValue(bytes=bytes(value))),
    (dt.datetime, _timestamp),
    (dt.date, lambda value: SqlValue(date=value.isoformat())),
    (dt.time, _time),
    (dt.timedelta, _interval),
    (UUID, lambda value: SqlValue(uuid=str(value))),
    (dict, _json),
    ((list, tuple), _array),
]


def _decimal_text(value: Decimal) -> str:
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "Infinity" if value > 0 else "-Infinity"
    return format(value, "f")


def decode(value: SqlValue, engine: str = "postgresql") -> Any:
    """Make Python's value of a result, of the type that the engine's usual drivers give.

    What Python cannot hold comes as its text: a date of before Christ, `infinity`, `0000-00-00`.
    """
    kind = value.WhichOneof("kind")
    if kind is None:
        return None
    if engine == "mysql" and kind == "time":
        return _read(_of_span, value.time)
    if engine != "postgresql" and kind == "json":
        return value.json
    return _DECODE[kind](value)


def _read(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        return text


def _moment(text: str) -> dt.datetime:
    # Before 3.11 Python reads fractions of three or six digits only.
    head, dot, rest = text.partition(".")
    if dot:
        digits = re.match(r"\d+", rest)
        if digits is not None:
            text = f"{head}.{digits[0]:0<6}{rest[digits.end() :]}"
    return dt.datetime.fromisoformat(text)


def _clock(text: str) -> dt.time:
    moment = _moment(f"2000-01-01T{text}")
    return moment.timetz()


_INTERVAL = re.compile(
    r"P(?:(?P<years>-?\d+)Y)?(?:(?P<months>-?\d+)M)?(?:(?P<days>-?\d+)D)?"
    r"(?:T(?:(?P<hours>-?\d+)H)?(?:(?P<minutes>-?\d+)M)?(?:(?P<seconds>-?[\d.]+)S)?)?"
)


_SPAN = re.compile(r"(-?)(\d+):(\d+):(\d+)(?:\.(\d{1,6}))?")


def _of_span(text: str) -> dt.timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, hours, minutes, seconds, fraction = found.groups()
    span = dt.timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int(f"{fraction or '':0<6}"),
    )
    return -span if sign else span


def _duration(text: str) -> dt.timedelta:
    """Read an interval; a month has 30 days and a year 365, as psycopg reads them."""
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    part = {name: Decimal(number or 0) for name, number in found.groupdict().items()}
    days = part["years"] * 365 + part["months"] * 30 + part["days"]
    seconds = (part["hours"] * 60 + part["minutes"]) * 60 + part["seconds"]
    return dt.timedelta(days=int(days), microseconds=int(seconds * 1_000_000))


def _elements(array: SqlArray) -> list[Any]:
    return [decode(one) for one in array.elements]


def _other(other: SqlOther) -> str:
    return other.text


_DECODE: dict[str, Callable[[SqlValue], Any]] = {
    "boolean": lambda value: value.boolean,
    "integer": lambda value: value.integer,
    "unsigned": lambda value: value.unsigned,
    "real": lambda value: value.real,
    "decimal": lambda value: Decimal(value.decimal),
    "text": lambda value: value.text,
    "bytes": lambda value: value.bytes,
    "date": lambda value: _read(dt.date.fromisoformat, value.date),
    "time": lambda value: _read(_clock, value.time),
    "timestamp": lambda value: _read(_moment, value.timestamp),
    "timestamptz": lambda value: _read(_moment, value.timestamptz),
    "interval": lambda value: _read(_duration, value.interval),
    "uuid": lambda value: UUID(value.uuid),
    "json": lambda value: json.loads(value.json),
    "array": lambda value: _elements(value.array),
    "other": lambda value: _other(value.other),
}

__all__ = ["DataError", "decode", "encode"]
