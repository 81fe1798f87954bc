"""Which scripts need not wait for answers: those where nobody can tell the difference.

A script that catches no exception, and whose modules do nothing outside of the database, ends in the same way whether a
failure is raised by the statement that fails or by a later one: the step is rolled back, and the failing line is told.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

_MODULES = frozenset(
    {
        "__future__",
        "alembic",
        "collections",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "itertools",
        "json",
        "math",
        "re",
        "sqlalchemy",
        "string",
        "textwrap",
        "typing",
        "typing_extensions",
        "uuid",
    }
)
"""Modules that do nothing outside of the process."""

_TELLING = frozenset(
    {"__import__", "begin_nested", "breakpoint", "eval", "exec", "input", "open", "print", "suppress"}
)
"""Names of what could be told by the time at which it happens."""


def never() -> None:
    """Have every statement wait for its answer."""


def ahead_of(path: Path) -> Callable[[], int | None]:
    """Tell what decides about each statement of a script: its line, or that it has to wait."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        # Loading it tells that better.
        return never
    if not _unobserved(tree):
        return never
    script = str(path)
    known: dict[str, bool] = {script: True}

    def line() -> int | None:
        frame = sys._getframe(1)
        found: int | None = None
        while frame is not None and frame.f_code is not _RUN_BODY.get("code"):
            name = frame.f_code.co_filename
            if name == script:
                found = frame.f_lineno
            else:
                ours = known.get(name)
                if ours is None:
                    ours = known[name] = _of_a_library(frame.f_globals.get("__name__", ""))
                if not ours:
                    return None
            above = frame.f_back
            if above is None:
                break
            frame = above
        return found

    return line


_RUN_BODY: dict[str, object] = {}


def outermost(function: Callable[..., None]) -> Callable[..., None]:
    """Mark the function that runs bodies: what called it does not matter."""
    _RUN_BODY["code"] = function.__code__
    return function


def _of_a_library(module: str) -> bool:
    return module.partition(".")[0] in {"alembic", "sqlalchemy", "migrated"} or module in {
        "contextlib",
        "<string>",
    }


def _unobserved(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.Try() | ast.AsyncFunctionDef() | ast.Global():
                return False
            case ast.Import(names=names):
                if any(name.name.partition(".")[0] not in _MODULES for name in names):
                    return False
            case ast.ImportFrom(module=module, level=level):
                if level or (module or "").partition(".")[0] not in _MODULES:
                    return False
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _TELLING:
                return False
            case _ if type(node).__name__ == "TryStar":
                return False
    return True
