"""Records what a script of Alembic executes.

Operations are recorded at `AbstractOperations.invoke`, through which all of `op` goes, and statements where Alembic
hands them to a database. Without a database the script runs as for `alembic upgrade --sql`; what it reads from its
connection then is nothing that could be written down, and is told with its place.
"""

from __future__ import annotations

import io
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from alembic.operations import AbstractOperations, MigrateOperation, Operations
from alembic.operations.batch import BatchOperationsImpl
from alembic.operations.ops import ExecuteSQLOp
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import Dialect

from .script import Head
from .statement import NotLiteralError, each

# Statements that change nothing, unless they call a function that does.
_LOOKS = re.compile(r"\s*(SELECT|SHOW|DESC|DESCRIBE|EXPLAIN|VALUES|PRAGMA\b(?![^=]*=))\b", re.IGNORECASE)


@dataclass
class Recorded:
    """What came of one operation, or of one statement that the script executed by itself."""

    line: int
    operation: MigrateOperation | None = None
    statements: list[str] = field(default_factory=list)
    batch: bool = False
    autocommit: bool = False
    made: Any = None
    """What the operation gave: the table of `create_table`."""


class NotRecordedError(Exception):
    """What a script does depends on more than the script."""

    def __init__(self, head: Head, line: int, reason: str, *, reads: bool = False) -> None:
        super().__init__(f"{head.path.name}:{line}: {reason}")
        self.head = head
        self.line = line
        self.reason = reason
        self.reads = reads


class _Reads(Exception):
    """The script wants to know what its statement gave."""


class _Unread:
    """The result of a statement that was written down and not executed: whoever looks at it reads the database."""

    def __getattr__(self, name: str) -> NoReturn:
        raise _Reads(f"reads the result of a statement (`{name}`)")

    def __iter__(self) -> NoReturn:
        raise _Reads("reads the rows of a statement")

    def close(self) -> None:
        """There is nothing to close."""


class _Bind:
    """What `op.get_bind()` gives where there is no database."""

    def __init__(self, dialect: Dialect, write: Callable[[list[str]], None]) -> None:
        self.dialect = dialect
        self.name = dialect.name
        self.url = make_url(f"{dialect.name}://")
        self._write = write

    @property
    def engine(self) -> _Bind:
        """Scripts ask the engine for its name and dialect."""
        return self

    def execute(self, statement: Any, parameters: Any = None, **_: Any) -> _Unread:
        self._write(each(statement, self.dialect, parameters))
        return _Unread()

    def exec_driver_sql(self, statement: str, parameters: Any = None, **_: Any) -> _Unread:
        if parameters:
            raise _Reads("executes a driver's statement with parameters")
        self._write([statement])
        return _Unread()

    def in_transaction(self) -> bool:
        """Say yes: a step is a transaction."""
        return True

    def execution_options(self, **_: Any) -> _Bind:
        return self

    def _run_ddl_visitor(self, visitor: Any, element: Any, **options: Any) -> None:
        options["checkfirst"] = False
        visitor(dialect=self.dialect, connection=self, **options).traverse_single(element)

    def __getattr__(self, name: str) -> NoReturn:
        raise _Reads(f"wants the connection itself (`{name}`)")


class Recorder:
    """Runs scripts for one dialect and writes down what they do."""

    def __init__(
        self,
        dialect: str,
        *,
        metadata: MetaData | None = None,
        connection: Connection | None = None,
        literal: Callable[[str, Any], str] = lambda statement, _: statement,
    ) -> None:
        """Without `connection` nothing is executed; with one, everything is, and `literal` writes its statements."""
        self._literal = literal
        self._recorded: list[Recorded] = []
        self._open: list[Recorded] = []
        self._head: Head | None = None
        self._autocommit = False
        options: dict[str, Any] = {"target_metadata": metadata if metadata is not None else MetaData()}
        if connection is None:
            options |= {"as_sql": True, "literal_binds": True, "output_buffer": io.StringIO()}
            # `named` keeps a percent sign as it is written.
            named = {"paramstyle": "named"}
            self._context = MigrationContext.configure(
                url=str(make_url(f"{dialect}://")), dialect_opts=named, opts=options
            )
            self._context.impl.static_output = lambda text: None  # type: ignore[method-assign]
            self._context.impl._exec = self._write_down  # type: ignore[method-assign, assignment]
            bind: Any = _Bind(self._context.dialect, self._write)
            self._context.connection = self._context.impl.connection = bind
        else:
            self._context = MigrationContext.configure(connection=connection, opts=options)

    @property
    def context(self) -> MigrationContext:
        """Alembic's context, in which the scripts run."""
        return self._context

    @property
    def dialect(self) -> Dialect:
        """The dialect whose statements are recorded."""
        return self._context.dialect

    def record(self, head: Head, direction: str) -> list[Recorded] | None:
        """Run `upgrade` or `downgrade` of a script; None where it has no such function.

        Raises `NotRecordedError` where that needs a database and none is there.
        """
        body = getattr(head.load(), direction, None)
        if body is None:
            return None
        self._head, self._recorded = head, []
        with self._hooked():
            try:
                body()
            except Exception as error:
                raise NotRecordedError(
                    head, self._line(error), _reason(error), reads=isinstance(error, _Reads)
                ) from error
        return self._recorded

    def run(self, head: Head, direction: str) -> None:
        """Run a script without looking at what it does."""
        with Operations.context(self._context):
            getattr(head.load(), direction)()

    def executed(self, statement: str, parameters: Any, *, allow_reads: bool) -> None:
        """Write down what a live connection executes, unless it only looks.

        Operations look at the database to find out what to do; what `op.execute` is given is written down whatever it
        is, because a SELECT may call a function that changes something.
        """
        if self._head is None:
            return
        told = bool(self._open) and isinstance(self._open[-1].operation, ExecuteSQLOp)
        if not told and _LOOKS.match(statement):
            if not self._open and not allow_reads:
                raise _Reads("reads the database")
            return
        self._write([self._literal(statement, parameters)])

    def _write_down(
        self,
        construct: Any,
        execution_options: Any = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> _Unread:
        self._write(each(construct, self.dialect, multiparams or params or None))
        return _Unread()

    def _write(self, statements: list[str]) -> None:
        if self._head is None:
            return
        if self._open:
            self._open[-1].statements += statements
            return
        self._recorded.append(Recorded(self._line(None), statements=statements, autocommit=self._autocommit))

    def _line(self, error: BaseException | None) -> int:
        """Find the line of the script that is being executed, or at which `error` came out of it."""
        path = str(self._head.path) if self._head is not None else ""
        frames = traceback.extract_tb(error.__traceback__) if error is not None else traceback.extract_stack()
        lines = [frame.lineno for frame in frames if frame.filename == path and frame.lineno is not None]
        return lines[-1] if lines else 1

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        """Put the recorder between the script and Alembic."""
        invoke, block = AbstractOperations.invoke, MigrationContext.autocommit_block
        flush = BatchOperationsImpl.flush

        def recorded(operations: AbstractOperations, operation: MigrateOperation) -> Any:
            if operations.migration_context is not self._context:
                return invoke(operations, operation)
            nested = bool(self._open)
            entry = Recorded(
                self._line(None),
                operation,
                batch=not isinstance(operations, Operations),
                autocommit=self._autocommit,
            )
            self._open.append(entry)
            try:
                entry.made = invoke(operations, operation)
                return entry.made
            finally:
                self._open.pop()
                if nested:
                    self._open[-1].statements += entry.statements
                else:
                    self._recorded.append(entry)

        def flushed(batch: BatchOperationsImpl) -> None:
            entry = Recorded(self._line(None), batch=True, autocommit=self._autocommit)
            self._open.append(entry)
            try:
                flush(batch)
            finally:
                self._open.pop()
                self._recorded.append(entry)

        @contextmanager
        def autocommit(context: MigrationContext) -> Iterator[None]:
            before, self._autocommit = self._autocommit, True
            try:
                yield
            finally:
                self._autocommit = before

        BatchOperationsImpl.flush = flushed  # type: ignore[method-assign, assignment]
        AbstractOperations.invoke = recorded  # type: ignore[method-assign, assignment]
        MigrationContext.autocommit_block = autocommit  # type: ignore[method-assign, assignment]
        try:
            with Operations.context(self._context):
                yield
        finally:
            BatchOperationsImpl.flush = flush  # type: ignore[method-assign]
            AbstractOperations.invoke = invoke  # type: ignore[method-assign]
            MigrationContext.autocommit_block = block  # type: ignore[method-assign]
            self._head = None


def _reason(error: Exception) -> str:
    if isinstance(error, _Reads):
        return "opens an ORM session" if "_sa_" in str(error) else str(error)
    if isinstance(error, NotLiteralError):
        return f"a value cannot be written into SQL: {error}"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
