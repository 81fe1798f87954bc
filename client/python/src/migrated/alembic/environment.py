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


class _Learning(EnvironmentContext):
    """Alembic's environment, in which nothing is migrated."""

    def __init__(self, config: Config, script: ScriptDirectory, *, offline: bool) -> None:
        # Without a connection Alembic writes BEGIN and COMMIT to the buffer, which nobody wants to see.
        super().__init__(config, script, as_sql=offline, fn=lambda rows, context: [], output_buffer=io.StringIO())
        self.configured: list[Configured] = []

    def run_migrations(self, **_: Any) -> None:
        context = self.get_context()
        connection = context.connection
        url = connection.engine.url if connection is not None and not context.as_sql else None
        options = dict(self.context_opts)
        if url is None and options.get("url") is not None:
            url = make_url(str(options["url"]))
        self.configured.append(Configured(context.dialect.name, url, options))


def learn(config: Config, script: ScriptDirectory, *, offline: bool) -> list[Configured]:
    """Run `env.py`, and give what it configured: once for each `run_migrations()` that it calls.

    With `offline` it runs as for `--sql`, without a connection. Raises `NothingConfiguredError` where it configures nothing;
    what `env.py` itself raises comes through as it is, with its traceback.
    """
    with _Learning(config, script, offline=offline) as environment:
        script.run_env()
    if not environment.configured:
        raise NothingConfiguredError("env.py never called context.run_migrations()")
    return environment.configured
