"""Alembic projects for the tests, written into a folder."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from migrated.alembic.project import Project

INI = """
[alembic]
script_location = versions_of_it
sqlalchemy.url = sqlite:///app.db
"""

ENV = """
from alembic import context
from sqlalchemy import MetaData, engine_from_config, pool

target_metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})

if context.is_offline_mode():
    context.configure(url=context.config.get_main_option("sqlalchemy.url"), target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
"""

HEAD = '''
"""{message}

Revision ID: {revision}
Revises: {parent}
Create Date: 2026-03-01 10:20:30.123456

"""
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {parent!r}
branch_labels = {labels!r}
depends_on = {depends!r}


'''


def script(
    revision: str,
    parent: str | tuple[str, ...] | None,
    body: str,
    *,
    labels: tuple[str, ...] | None = None,
    depends: str | None = None,
) -> str:
    """Write a script: `body` has its functions."""
    message = f"about {revision}"
    head = HEAD.format(message=message, revision=revision, parent=parent, labels=labels, depends=depends)
    return head.lstrip() + textwrap.dedent(body).strip() + "\n"


def project(folder: Path, scripts: Mapping[str, str], env: str = ENV) -> Project:
    """Write a project, by file names of its scripts, and load it."""
    versions = folder / "versions_of_it" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI.replace("versions_of_it", str(folder / "versions_of_it")))
    (folder / "versions_of_it" / "env.py").write_text(env)
    for name, text in scripts.items():
        (versions / f"{name}.py").write_text(text)
    return Project.load(folder / "alembic.ini")
