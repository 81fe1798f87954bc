"""What a target is to be, with the rules of the comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from google.protobuf.json_format import ParseDict
from sqlalchemy.engine import Dialect

from migrated.sqlalchemy.compared import comparison_rules
from migrated.sqlalchemy.context import autogen_context, migration_context
from migrated.sqlalchemy.described import Description, schema_of
from migrated.sqlalchemy.dialects import dialect_for
from migrated.sqlalchemy.filters import Filters
from migrated.sqlalchemy.models import Models
from migrated.sqlalchemy.reflected import reflected
from migrated.sqlalchemy.rewritten import rewritten
from migrated.sqlalchemy.unsaid import bare_table, base_rules, carried_over, sequences_of
from migrated.sqlalchemy.writer import Writer
from migrated.v1.schema_pb2 import DiffRules, Rename, SchemaFile, SchemaFiles, SchemaFormat, SchemaSource


@dataclass(frozen=True)
class Desired:
    """A desired schema, as a comparison takes it.

    Attributes:
        schema: The description, in the form of the YAML and JSON files.
        rules: What the comparison looks at and lets pass, in the form of the YAML and JSON files.
        schemas: Schemas that it looks at beside the target's own (PostgreSQL).
        all_schemas: Whether it looks at all schemas.
        notes: What the models do that no description holds, a line each.

    """

    schema: Description
    rules: dict[str, Any] = field(default_factory=dict)
    schemas: tuple[str, ...] = ()
    all_schemas: bool = False
    notes: tuple[str, ...] = ()

    def source(self) -> SchemaSource:
        """Write the schema as requests carry it."""
        file = SchemaFile(path="the models", text=json.dumps(self.schema, ensure_ascii=False))
        return SchemaSource(files=SchemaFiles(format=SchemaFormat.SCHEMA_FORMAT_JSON, files=[file]))

    def diff_rules(self, renames: Mapping[str, str] | None = None) -> DiffRules:
        """Write the rules as requests carry them, with renames that were confirmed."""
        pairs = [Rename(old_name=old, new_name=new) for old, new in (renames or {}).items()]
        made = DiffRules(renames=pairs)
        ParseDict(self.rules, made.rules)
        return made


def desired_schema(
    models: Models | sa.MetaData | Sequence[sa.MetaData],
    dialect: str | Dialect,
    server_version: str | tuple[int, ...] | None = None,
    *,
    database: Description | None = None,
) -> Desired:
    """Describe what models want of a database.

    What models cannot say is left out of the comparison, or stays as the database has it: functions, triggers,
    policies, extensions, composite types, views that no model creates, schemas that no model names, sequences beside
    the models', storage parameters and other options of tables where the models say nothing of them.

    Args:
        models: MetaData, or `Models` with the callables of an `env.py`.
        dialect: `postgresql`, `mysql`, `mariadb` or `sqlite`; or a dialect of SQLAlchemy.
        server_version: The server's version, as it tells it.
        database: The description of the database as it is: Inspect's answer. Callables are asked about its objects;
            without it, only about the models'.

    Raises:
        ModelError: Something that SQLAlchemy does not write for the dialect, that no description can hold, or that
            `render_item` returned and that does not evaluate.

    """
    asked = models if isinstance(models, Models) else Models(models)
    there = database or {}
    made_for = dialect_for(dialect, server_version)
    default_schema = asked.default_schema or ("public" if made_for.name == "postgresql" else None)
    writer = Writer(made_for, asked.schema_translate_map, default_schema)
    context = migration_context(asked, made_for)
    several = rewritten(asked, autogen_context(asked, context), made_for)
    found = reflected(there, made_for)
    filters = Filters(asked, several, found, writer)
    described = schema_of(
        several,
        made_for,
        schema_translate_map=asked.schema_translate_map,
        default_schema=default_schema,
        keep=filters.keep,
    )
    schema = carried_over(described.schema, there)
    rules = base_rules(schema, there)
    rules["exclude"] += [*filters.excluded, *sequences_of(filters.tables, there)]
    if filters.tables:
        schema["tables"] = [
            bare_table(each) if (each.get("schema"), each["name"]) in filters.tables else each
            for each in schema.get("tables", [])
        ]
    rules |= comparison_rules(asked, several, found, writer, context)
    named = {table_schema for each in schema.get("tables", []) if (table_schema := each.get("schema"))}
    return Desired(
        schema=schema,
        rules=_joined(rules, asked.rules),
        schemas=tuple(sorted(named)),
        all_schemas=asked.include_schemas and made_for.name == "postgresql",
        notes=tuple(described.notes),
    )


def schemas_of(models: Models | sa.MetaData | Sequence[sa.MetaData]) -> tuple[str, ...]:
    """Tell the schemas that models name, after `schema_translate_map`: those that Inspect has to look at."""
    asked = models if isinstance(models, Models) else Models(models)
    translate = asked.schema_translate_map or {}
    named = {
        translate.get(table.schema, table.schema) for each in asked.several for table in each.tables.values()
    }
    return tuple(sorted(str(name) for name in named if name and name != (asked.default_schema or "public")))


def _joined(rules: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Add rules: lists are joined, anything else is replaced."""
    joined = dict(rules)
    for key, value in more.items():
        had = joined.get(key)
        joined[key] = [*had, *value] if isinstance(had, list) else value
    return {key: value for key, value in joined.items() if value != []}
