"""The project's `migratectl.toml`, written for a project that had none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "migratectl.toml"


def settings(folder: str, options: Mapping[str, Any]) -> str:
    """Write the settings that an Alembic project's options amount to."""
    lines = [
        "# Settings of migratectl for this project; `migratectl config` shows what applies and where it comes from.",
        "",
        f"dirs = [{json.dumps(folder)}]",
        "",
        "# The database: DATABASE_URL, or a target that the daemon knows by name.",
        '# target = "prod"',
    ]
    table, schema = options.get("version_table"), options.get("version_table_schema")
    if table not in (None, "alembic_version"):
        lines.append(f"version_table = {json.dumps(table)}")
    if schema is not None:
        lines.append(f"version_table_schema = {json.dumps(schema)}")
    return "\n".join(lines) + "\n"


def write_settings(project: Path, folder: str, options: Mapping[str, Any]) -> bool:
    """Write them, unless there is a file already; tell whether they were written."""
    path = project / NAME
    if path.exists():
        return False
    path.write_text(settings(folder, options), encoding="utf-8")
    return True
