"""The project's `migratectl.toml`, written for a project that had none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from .environment import neutral

NAME = "migratectl.toml"

PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - its name
"""The variable from which the password is read."""


def settings(folder: str, options: Mapping[str, Any], url: URL | None = None) -> str:
    """Write the settings that an Alembic project's options amount to. A password is not written down."""
    lines = [
        "# Settings of migratectl for this project; `migratectl config` shows what applies and where it comes from.",
        "",
        f"dirs = [{json.dumps(folder)}]",
        "",
        "# The database, unless DATABASE_URL names another one, or a target that the daemon knows by name.",
        '# database_url = "postgresql://user:${DATABASE_PASSWORD}@host/name"'
        if url is None
        else f"database_url = {json.dumps(shown(url))}",
        '# target = "prod"',
    ]
    table, schema = options.get("version_table"), options.get("version_table_schema")
    if table not in (None, "alembic_version"):
        lines.append(f"version_table = {json.dumps(table)}")
    if schema is not None:
        lines.append(f"version_table_schema = {json.dumps(schema)}")
    return "\n".join(lines) + "\n"


def shown(url: URL) -> str:
    """Write a URL with a variable for its password."""
    if url.password is None:
        return neutral(url)
    mark = "migrated-password"
    return neutral(url.set(password=mark)).replace(f":{mark}@", f":${{{PASSWORD}}}@", 1)


def write_settings(project: Path, folder: str, options: Mapping[str, Any], url: URL | None) -> bool:
    """Write them, unless there is a file already; tell whether they were written."""
    path = project / NAME
    if path.exists():
        return False
    path.write_text(settings(folder, options, url), encoding="utf-8")
    return True
