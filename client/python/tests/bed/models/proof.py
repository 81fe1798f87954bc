"""The proof: what SQLAlchemy makes and what the description makes are one schema."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.mock import MockConnection

from bed.models.engine import Engine
from migrated.sqlalchemy import schema_of
from migrated.sqlalchemy.dialects import dialect_for


def emitted(metadata: sa.MetaData, engine: Engine) -> str:
    """Write what `create_all` executes, with the schemas that it counts on."""
    dialect = dialect_for(engine.dialect, engine.server)
    statements = [f'CREATE SCHEMA "{name}"' for name in schemas(metadata, engine)]

    def note(statement: Any, *_arguments: Any, **_options: Any) -> None:
        statements.append(str(statement.compile(dialect=dialect)).strip())

    metadata.create_all(MockConnection(dialect, note), checkfirst=False)
    return "".join(f"{statement};\n" for statement in statements)


def schemas(metadata: sa.MetaData, engine: Engine) -> list[str]:
    """Tell the schemas that a MetaData names."""
    named = {table.schema for table in metadata.tables.values()}
    return sorted(str(name) for name in named if name) if engine.dialect == "postgresql" else []


def differences(metadata: sa.MetaData, engine: Engine, old: str | None = None) -> str:
    """Tell how the schema `old`, or what `create_all` executes, differs from the description."""
    described = schema_of(metadata, engine.dialect, engine.server)
    folder = engine.project.folder
    (folder / "described.json").write_text(json.dumps(described.schema))
    if old is None:
        old = "emitted.sql"
        (folder / old).write_text(emitted(metadata, engine))
    looked_at = [word for name in schemas(metadata, engine) for word in ("--include-schema", name)]
    return engine.project.ctl("diff", old, "described.json", *looked_at).strip()
