"""A project of Alembic with a database, worked on by `migrated-alembic`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bed.alembic_project import script
from migrated.alembic.cli import main

INI = """
[alembic]
script_location = env
prepend_sys_path = .
path_separator = os
sqlalchemy.url = {url}
"""

ENV = """
from alembic import context
from sqlalchemy import MetaData, engine_from_config, pool
{models}
OPTIONS = dict({options})
if context.is_offline_mode():
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata, literal_binds=True, **OPTIONS
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
"""

MAKO = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''

NO_MODELS = "target_metadata = MetaData()"


@dataclass
class Runtime:
    """The project."""

    folder: Path
    dialect: str
    url: str
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write a project without scripts."""
        (self.folder / "env" / "versions").mkdir(parents=True)
        (self.folder / "alembic.ini").write_text(INI.format(url=self.url))
        (self.folder / "env" / "script.py.mako").write_text(MAKO)
        self.env()

    def env(self, models: str = NO_MODELS, options: str = "") -> None:
        """Write `env.py`: with the lines that define `target_metadata`, and options for `configure()`."""
        text = ENV.format(models=textwrap.dedent(models), options=options)
        (self.folder / "env" / "env.py").write_text(text)

    def script(
        self,
        revision: str,
        body: str,
        parent: str | tuple[str, ...] | None = None,
        *,
        labels: tuple[str, ...] | None = None,
        depends: str | None = None,
    ) -> Path:
        """Write a script."""
        path = self.folder / "env" / "versions" / f"{revision}_it.py"
        path.write_text(script(revision, parent, body, labels=labels, depends=depends))
        return path

    def run(self, *arguments: str) -> int:
        """Run `migrated-alembic`."""
        return main(["-c", str(self.folder / "alembic.ini"), *arguments])

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """Look at the database."""
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self.connected() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def tables(self) -> set[str]:
        """Tell the tables, without the version table and what the daemon keeps."""
        with self.connected() as connection:
            found = sa.inspect(connection).get_table_names()
        return {name for name in found if name != "alembic_version" and not name.startswith("migrated_")}

    @property
    def versions(self) -> list[str]:
        """Tell where the database stands."""
        with self.connected() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return []
        return sorted(row[0] for row in self.rows("SELECT version_num FROM alembic_version"))
