"""What listeners of DDL events would do: it is told, not described."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, ExecutableDDLElement

from migrated.sqlalchemy.options import applies, owner_of
from migrated.sqlalchemy.writer import Writer


def notes_of(target: sa.Table | sa.MetaData, writer: Writer) -> Iterator[str]:
    """Tell which listeners run when a table, or all of a MetaData, is created: a line each."""
    name = f"table {target.fullname!r}" if isinstance(target, sa.Table) else "MetaData"
    dispatch: Any = target.dispatch
    for event in ("before_create", "after_create"):
        for listener in getattr(dispatch, event):
            if isinstance(listener, AddConstraint):
                # What it adds is described.
                continue
            if isinstance(listener, ExecutableDDLElement):
                if applies(listener, target, writer):
                    yield f"{name}: {event} runs {_text(listener, writer)!r}, whose effect is not described"
            elif not _of_sqlalchemy(listener):
                yield f"{name}: {event} calls {_named(listener)}, whose effect is not described"


def _text(listener: ExecutableDDLElement, writer: Writer) -> str:
    text = str(getattr(listener, "statement", "") or listener.compile(dialect=writer.dialect))
    lines = [line.strip() for line in text.strip().splitlines()]
    return lines[0] if len(lines) == 1 else f"{lines[0]} …"


def _of_sqlalchemy(listener: Any) -> bool:
    """Tell whether a listener is one by which SQLAlchemy makes its own enum types and domains."""
    if isinstance(owner_of(listener), sa.types.SchemaType):
        return True
    return str(_plain(listener).__module__).startswith("sqlalchemy.")


def _named(listener: Any) -> str:
    plain = _plain(listener)
    return f"{plain.__module__}.{plain.__qualname__}"


def _plain(listener: Any) -> Any:
    """Tell the function that is called, or the class of an object that can be called."""
    while isinstance(listener, partial):
        listener = listener.func
    return listener if hasattr(listener, "__qualname__") else type(listener)
