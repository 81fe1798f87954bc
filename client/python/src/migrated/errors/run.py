"""Runs that ended badly."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from migrated.errors.base import MigratedError

if TYPE_CHECKING:
    from migrated.result import RunResult


class RunFailed(MigratedError):
    """A run did not succeed. It is of the class of its reason, too: `except StatementFailed` catches it as well.

    Attributes:
        result: How the run ended: its state, the version rows at its end, what was applied before.

    """

    result: RunResult


def run_failed(result: RunResult) -> RunFailed:
    """Make the exception of a run that did not succeed."""
    from migrated.errors.status import place_of

    failure = result.failure
    reason = failure.reason if failure is not None and failure.reason else result.state.name
    message = (
        failure.message
        if failure is not None and failure.message
        else f"the run ended as {result.state.name}"
    )
    sql = failure.sql if failure is not None and failure.HasField("sql") else None
    error = _class(reason, failure.code if failure is not None else "")(
        message,
        code=failure.code if failure is not None else "",
        reason=reason,
        revision=failure.revision if failure is not None else "",
        place=place_of(sql),
        state=failure.state if failure is not None else "",
        next_command=failure.next if failure is not None else "",
        sql=sql,
    )
    error.result = result
    return error


@cache
def _class(reason: str, code: str) -> type[RunFailed]:
    from migrated.errors.status import reason_class

    kind = reason_class(reason, code)
    if kind is MigratedError:
        return RunFailed
    return type(kind.__name__, (RunFailed, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
