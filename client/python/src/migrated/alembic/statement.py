"""One statement as text, with its values written into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, TextClause, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql import ClauseElement


class NotLiteralError(ValueError):
    """A value cannot be written into SQL."""


def as_text(construct: Any, dialect: Dialect, parameters: Mapping[str, Any] | None = None) -> str:
    """Compile `construct` for `dialect`, with all values as literals.

    Raises `NotLiteralError` for a value that its type cannot write, such as a pickled object.
    """
    if isinstance(construct, str):
        construct = text(construct)
    if not isinstance(construct, ClauseElement):
        raise NotLiteralError(f"{type(construct).__name__} is no SQL")
    if isinstance(construct, ExecutableDDLElement):
        return str(construct.compile(dialect=dialect)).strip()
    if parameters:
        if isinstance(construct, TextClause):
            construct = construct.bindparams(**parameters)
        elif isinstance(construct, Insert):
            construct = construct.values(**parameters)
        else:
            construct = construct.params(**parameters)
    try:
        compiled = construct.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    except Exception as error:
        raise NotLiteralError(str(error)) from error
    return str(compiled).strip()


def each(
    construct: Any, dialect: Dialect, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
) -> list[str]:
    """Compile once for each set of parameters, as executemany would execute it."""
    if parameters is None or isinstance(parameters, Mapping):
        return [as_text(construct, dialect, parameters)]
    return [as_text(construct, dialect, one) for one in parameters]
