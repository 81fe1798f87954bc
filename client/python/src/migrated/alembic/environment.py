"""Runs a project's own `env.py`, unmodified, to learn how it is configured."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, MetaData, make_url


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


class NothingConfiguredError(Exception):
    """`env.py` did not come to `context.run_migrations()`."""


def learn(config: Config, script: ScriptDirectory, *, offline: bool) -> list[Configured]:
    """Run `env.py`, and give what it configured: once for each `run_migrations()` that it calls.

    With `offline` it runs as for `--sql`, without a connection. Nothing is migrated. Raises `NothingConfiguredError`
    where it configures nothing; what `env.py` itself raises comes through as it is, with its traceback.
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
    with environment:
        script.run_env()
    if not told:
        raise NothingConfiguredError("env.py never called context.run_migrations()")
    return told
