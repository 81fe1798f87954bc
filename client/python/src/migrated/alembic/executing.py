"""Executes scripts of Alembic in the steps of a run: `op` works on the daemon's transaction."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.util import load_python_file

from migrated._sync.client import Client
from migrated.dbapi import Connection, Conversation, Error
from migrated.sqlalchemy.dialect import engine
from migrated.v1.event_pb2 import Direction
from migrated.v1.execute_pb2 import StepToExecute

from .ahead import ahead_of, outermost
from .project import Project

_KEPT = (
    "target_metadata",
    "version_table",
    "version_table_schema",
    "user_module_prefix",
    "sqlalchemy_module_prefix",
    "render_as_batch",
    "transactional_ddl",
)
"""Options of `configure()` that a script may see through its context."""


def execute_steps(
    client: Client,
    run_id: str,
    project: Project,
    paths: Mapping[str, Path],
    options: Mapping[str, Any],
    *,
    told: Callable[[StepToExecute], None] = lambda step: None,
) -> Exception | None:
    """Execute every step of a run that is a script; give what a body raised, of which the run tells as well.

    Args:
        client: The client that started the run.
        run_id: The run.
        project: The project.
        paths: Where its scripts are, by revision.
        options: What `env.py` configured.
        told: Called before each body.

    Raises:
        ConversationLostError: The stream died.
        MigratedError: The daemon refuses the conversation.

    """
    conversation = Conversation(client, run_id)
    raised: Exception | None = None
    try:
        while (step := conversation.step()) is not None:
            told(step)
            try:
                path = paths[step.revision]
                connection = Connection(conversation, step, ahead=ahead_of(path))
                run_body(connection, step, project, path, options)
                conversation.settle()
            except Exception as error:
                if conversation.lost:
                    raise
                line = getattr(_original(error), "line", 0) or line_in(error, paths[step.revision])
                end = conversation.failed(one_line(error), line, traceback.format_exc())
                raised = None if end.again else error
            else:
                end = conversation.done()
                raised = None
            if not end.done and not end.again:
                break
    except Exception as error:
        if conversation.lost:
            raise ConversationLostError from error
        raise
    finally:
        conversation.close()
    return raised


class ConversationLostError(Exception):
    """The stream died; the run's own tells what became of a step that was open."""


@outermost
def run_body(
    connection: Connection,
    step: StepToExecute,
    project: Project,
    path: Path,
    options: Mapping[str, Any],
) -> None:
    """Run `upgrade()` or `downgrade()` of a script on a connection."""
    down = step.direction == Direction.DIRECTION_DOWN
    module = load_python_file(str(path.parent), path.name)
    body = getattr(module, "downgrade" if down else "upgrade")
    kept = {name: options[name] for name in _KEPT if name in options}
    bound = engine(connection).connect()
    # Sessions that the script opens on the connection join this transaction, which is never ended here.
    bound.begin()
    context = MigrationContext.configure(connection=bound, opts={**kept, "script": project.scripts})
    # Of PostgreSQL's only those come here that read the database, which they do in this transaction; what cannot be in
    # one is refused there, and nothing is left of it. The others have nothing of the kind.
    context.autocommit_block = nullcontext  # type: ignore[method-assign, assignment]
    # Scripts may ask Alembic's module `context`, as for what was given by `-x`.
    environment = EnvironmentContext(project.config, project.scripts)
    environment._migration_context = context
    with environment, Operations.context(context):
        body()


def line_in(error: BaseException, path: Path) -> int:
    """Find the line of the script at which an error came out of it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if Path(frame.filename) == path]
    return lines[-1] if lines else 0


def one_line(error: BaseException) -> str:
    """Write an exception in one line; of SQLAlchemy's wrapping only what the database said."""
    error = _original(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _original(error: BaseException) -> BaseException:
    original = getattr(error, "orig", None)
    return original if isinstance(original, Error) else error
