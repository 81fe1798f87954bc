"""Runs a project's own `env.py`, unmodified, to learn how it is configured."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, MetaData, make_url

from .project_error import ProjectError


@dataclass(frozen=True)
class Configured:
    """What one `context.configure()` said, by the time that `context.run_migrations()` came."""

    dialect: str
    url: URL | None
    options: Mapping[str, Any]

    @property
    def metadata(self) -> tuple[MetaData, ...]:
        """The `target_metadata`, which may be several or none."""
        told = self.options.get("target_metadata")
        if told is None:
            return ()
        return tuple(told) if isinstance(told, Sequence) else (told,)


def learn(config: Config, script: ScriptDirectory, *, offline: bool) -> list[Configured]:
    """Run `env.py`, and give what it configured: once for each `run_migrations()` that it calls.

    With `offline` it runs as for `--sql`, without a connection. Nothing is migrated, and what it prints goes to the
    standard error output: the other one is for answers.

    Raises:
        EnvironmentFailedError: `env.py` raised something.
        NothingConfiguredError: It came to its end without a word about migrations.

    """
    told: list[Configured] = []
    # Without a connection Alembic writes BEGIN and COMMIT to the buffer, which nobody wants to see.
    environment = EnvironmentContext(
        config, script, as_sql=offline, fn=lambda rows, context: [], output_buffer=io.StringIO()
    )

    def note(**_: Any) -> None:
        context = environment.get_context()
        options = dict(environment.context_opts)
        url: URL | None = None
        if not context.as_sql and context.connection is not None:
            url = context.connection.engine.url
        elif options.get("url") is not None:
            url = make_url(str(options["url"]))
        told.append(Configured(context.dialect.name, url, options))

    # Alembic's module `context` calls the methods of the object that stands in it, so this one is found there.
    environment.run_migrations = note  # type: ignore[method-assign]
    with environment, redirect_stdout(sys.stderr):
        try:
            script.run_env()
        except (Exception, SystemExit) as error:
            raise EnvironmentFailedError(error, Path(script.env_py_location)) from error
    if not told:
        raise NothingConfiguredError(
            "env.py never called context.run_migrations()",
            "let env.py call context.configure() and context.run_migrations()",
        )
    return told


class NothingConfiguredError(ProjectError):
    """`env.py` did not come to `context.run_migrations()`."""


class EnvironmentFailedError(ProjectError):
    """`env.py`, or what it imports, raised something."""

    def __init__(self, error: BaseException, env: Path) -> None:
        """Tell what was raised, and the way there from `env.py` on."""
        frames = traceback.extract_tb(error.__traceback__)
        first = next((n for n, frame in enumerate(frames) if Path(frame.filename).name == env.name), 0)
        where = "".join(traceback.format_list(frames[first:])).rstrip()
        text = " ".join(str(error).split())
        next_step = "mend what env.py or the models do there; `alembic current` runs the same env.py"
        if "application context" in text:
            next_step = "with Flask-Migrate it is `flask migrated …` that has the application's context"
        super().__init__(
            f"env.py raised {type(error).__name__}{f': {text}' if text else ''}",
            next_step,
            where,
        )


def neutral(url: URL) -> str:
    """Write a URL without SQLAlchemy's driver, as migrated reads it."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
