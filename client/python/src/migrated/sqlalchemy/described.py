"""`MetaData` as the description of a schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.sql import visitors

from migrated.sqlalchemy.columns import column, counting
from migrated.sqlalchemy.constraints import constraints, constraints_of
from migrated.sqlalchemy.dialects import dialect_for
from migrated.sqlalchemy.errors import ModelError, described_at
from migrated.sqlalchemy.indexes import index
from migrated.sqlalchemy.listeners import notes_of
from migrated.sqlalchemy.options import applies, owner_of, storage, table_options
from migrated.sqlalchemy.types import domain, enum, own_types
from migrated.sqlalchemy.writer import Writer

Description = dict[str, Any]
"""A schema in the form of the YAML and JSON files (`docs/schema-files.md`)."""

Keep = Callable[[Any], bool]
"""Whether an object is described: a table, a column, a constraint or an index."""


@dataclass(frozen=True)
class Described:
    """What `schema_of` made of MetaData.

    Attributes:
        schema: The description.
        notes: What the models do that no description holds, a line each.

    """

    schema: Description
    notes: list[str] = field(default_factory=list)


def schema_of(
    metadata: sa.MetaData | Sequence[sa.MetaData],
    dialect: str | Dialect,
    server_version: str | tuple[int, ...] | None = None,
    *,
    schema_translate_map: Mapping[str | None, str | None] | None = None,
    default_schema: str | None = None,
    keep: Keep | None = None,
) -> Described:
    """Describe what `create_all` would make.

    Every text in it is written by SQLAlchemy's own compiler of the dialect, so that the description and `create_all`
    make the same schema.

    Args:
        metadata: The models' MetaData, one or several.
        dialect: `postgresql`, `mysql`, `mariadb` or `sqlite`; or a dialect of SQLAlchemy.
        server_version: The server's version, as it tells it: some texts differ by it. The oldest supported where
            nothing is said.
        schema_translate_map: Schemas that stand for others, as SQLAlchemy's execution option of that name.
        default_schema: The target's own schema, where models name it: on PostgreSQL `public` where nothing is said.
        keep: Which tables, columns, constraints and indexes are described; all where nothing is said.

    Raises:
        ModelError: Something that SQLAlchemy does not write for the dialect, or that no description can hold.
        ValueError: No such dialect.

    """
    made_for = dialect_for(dialect, server_version)
    if default_schema is None and made_for.name == "postgresql":
        default_schema = "public"
    writer = Writer(made_for, schema_translate_map, default_schema)
    several = [metadata] if isinstance(metadata, sa.MetaData) else list(metadata)
    return _Walk(several, writer, keep or (lambda _item: True)).described()


class _Walk:
    """Goes through MetaData once."""

    def __init__(self, several: list[sa.MetaData], writer: Writer, keep: Keep) -> None:
        self.several = several
        self.writer = writer
        self.keep = keep
        self.notes: list[str] = []

    def described(self) -> Described:
        for metadata in self.several:
            self.notes += notes_of(metadata, self.writer)
        tables = list(self._tables())
        schema: Description = {"dialect": self.writer.engine}
        parts: dict[str, list[dict[str, Any]]] = {
            "enums": [],
            "domains": [],
            "sequences": self._sequences(tables),
            "tables": [],
            "views": [],
        }
        if self.writer.engine == "postgres":
            parts["enums"], parts["domains"] = self._types(tables)
        for table, inline in tables:
            with described_at(f"table {table.fullname!r}"):
                self.notes += notes_of(table, self.writer)
                if getattr(table, "is_view", False):
                    parts["views"].append(self._view(table))
                else:
                    parts["tables"].append(self._table(table, inline))
        schemas = self._schemas(parts)
        if schemas:
            schema["schemas"] = schemas
        schema |= {key: objects for key, objects in parts.items() if objects}
        return Described(schema, self.notes)

    def _tables(self) -> Iterator[tuple[sa.Table, set[sa.ForeignKeyConstraint]]]:
        """Go through the tables that are described, each with the foreign keys that stand in its CREATE TABLE."""
        seen: set[tuple[str | None, str]] = set()
        for metadata in self.several:
            kept = [table for table in metadata.tables.values() if self._is_kept(table)]
            sort: Any = sort_tables_and_constraints
            with described_at("the models"):
                ordered = sort(kept)
            for table, inline in ordered:
                if table is None:
                    continue
                key = (self.writer.schema(table), str(table.name))
                if key in seen:
                    raise ModelError(
                        "two tables have that name",
                        where=f"table {table.fullname!r}",
                        next_command="describe each MetaData for a target of its own",
                    )
                seen.add(key)
                yield table, set(inline)

    def _is_kept(self, table: sa.Table) -> bool:
        if not self.keep(table):
            return False
        prefixes = [str(prefix).upper() for prefix in getattr(table, "_prefixes", [])]
        if {"TEMPORARY", "TEMP"} & set(prefixes) or getattr(_creator(table), "temporary", False):
            self.notes.append(f"table {table.fullname!r} is temporary: no part of a schema")
            return False
        if self.writer.schema(table) is not None and self.writer.engine != "postgres":
            raise ModelError(
                f"it stands in the schema {table.schema!r}, and a target of {self.writer.dialect.name} is one database",
                where=f"table {table.fullname!r}",
                next_command="map the schema to None with `schema_translate_map`, give its name as `default_schema`, "
                "or exclude the table with `include_object`",
            )
        return True

    def _table(self, table: sa.Table, inline: set[sa.ForeignKeyConstraint]) -> dict[str, Any]:
        described = self.writer.named(table)
        if _creator(table) is not None:
            self.notes.append(f"table {table.fullname!r} is made by a query, and described by its columns")
        columns = []
        for each in table.columns:
            if each.system or not self.keep(each):
                continue
            with described_at(f"table {table.fullname!r}, column {each.name!r}"):
                columns.append(column(each, self.writer))
        described["columns"] = columns
        kept = [each for each in constraints_of(table, self.writer) if self.keep(each)]
        if self.writer.dialect.supports_alter:
            # Those of a circle come by ALTER TABLE, after all others; a name that the engine gives follows the order.
            kept.sort(key=lambda each: isinstance(each, sa.ForeignKeyConstraint) and each not in inline)
        described |= constraints(table, kept, self.writer)
        indexes = self._indexes(table)
        if indexes:
            described["indexes"] = indexes
        if table.comment is not None and self.writer.dialect.supports_comments:
            described["comment"] = str(table.comment)
        options = table_options(table, self.writer)
        if options:
            described["options"] = options
        return described

    def _indexes(self, table: sa.Table) -> list[dict[str, Any]]:
        kept = [each for each in table.indexes if self.keep(each) and applies(each, table, self.writer)]
        return sorted((index(each, table, self.writer) for each in kept), key=lambda each: each["name"])

    def _types(
        self, tables: Iterable[tuple[sa.Table, Any]]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Describe the enum types and domains of columns, and those that stand in MetaData by themselves."""
        dialect = self.writer.dialect
        enums: dict[tuple[str | None, str], dict[str, Any]] = {}
        domains: dict[tuple[str | None, str], dict[str, Any]] = {}
        for where, type_ in self._used_types(tables):
            with described_at(where):
                for own in own_types(type_, dialect):
                    if own.name is None:
                        raise ModelError("an enum type of PostgreSQL needs a name: Enum(..., name='...')")
                    found, made = (
                        (enums, enum(own, self.writer))
                        if isinstance(own, postgresql.ENUM)
                        else (domains, domain(own, self.writer))
                    )
                    key = (made.get("schema"), made["name"])
                    if found.setdefault(key, made) != made:
                        raise ModelError(f"the type {own.name!r} is defined in two ways")
        return list(enums.values()), list(domains.values())

    def _used_types(
        self, tables: Iterable[tuple[sa.Table, Any]]
    ) -> Iterator[tuple[str, sa.types.TypeEngine[Any]]]:
        for table, _ in tables:
            for each in table.columns:
                if self.keep(each):
                    yield f"table {table.fullname!r}, column {each.name!r}", each.type
        for metadata in self.several:
            for type_ in _standing_types(metadata):
                yield f"type {type_.name!r}", type_

    def _sequences(self, tables: Iterable[tuple[sa.Table, Any]]) -> list[dict[str, Any]]:
        dialect = self.writer.dialect
        if not dialect.supports_sequences:
            return []
        found: dict[tuple[str | None, str], sa.Sequence] = {}
        used = [each.default for table, _ in tables for each in table.columns]
        held = [sequence for metadata in self.several for sequence in metadata._sequences.values()]
        of_tables = {id(sequence) for sequence in used}
        for sequence in [*held, *used]:
            if not isinstance(sequence, sa.Sequence) or (dialect.sequences_optional and sequence.optional):
                continue
            if sequence.column is not None and id(sequence) not in of_tables:
                continue
            found.setdefault((self.writer.schema(sequence), str(sequence.name)), sequence)
        return [self._sequence(sequence) for sequence in found.values()]

    def _sequence(self, sequence: sa.Sequence) -> dict[str, Any]:
        with described_at(f"sequence {sequence.name!r}"):
            described = self.writer.named(sequence)
            if sequence.data_type is not None and self.writer.engine == "postgres":
                described["type"] = self.writer.type(sequence.data_type)
            return described | counting(sequence)

    def _view(self, table: sa.Table) -> dict[str, Any]:
        creator = _creator(table)
        described = self.writer.named(table) | {"query": self.writer.query(creator.selectable)}
        if creator.materialized:
            described["materialized"] = True
        if self.writer.engine == "postgres":
            options = creator.dialect_options["postgresql"]["with"]
            if options:
                described["options"] = storage(options)
        named = {each for each in visitors.iterate(creator.selectable) if isinstance(each, sa.Table)}
        if named:
            described["depends_on"] = sorted(
                (self.writer.named(each) for each in named),
                key=lambda each: (each.get("schema") or "", each["name"]),
            )
        indexes = self._indexes(table)
        if indexes:
            described["indexes"] = indexes
        if table.comment is not None and self.writer.dialect.supports_comments:
            described["comment"] = str(table.comment)
        return described

    def _schemas(self, parts: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        names = {each["schema"] for objects in parts.values() for each in objects if "schema" in each}
        return [{"name": name} for name in sorted(names)]


def _creator(table: sa.Table) -> Any:
    """Tell what makes a view, or a table from a query (SQLAlchemy 2.1)."""
    creator = getattr(table, "_creator_ddl", None)
    return creator if hasattr(creator, "selectable") else None


def _standing_types(metadata: sa.MetaData) -> Iterator[Any]:
    """Go through the types that were given a MetaData, and are made with it whether or not a column has them."""
    dispatch: Any = metadata.dispatch
    for listener in dispatch.before_create:
        owner = owner_of(listener)
        if isinstance(owner, sa.types.SchemaType) and isinstance(owner, sa.types.TypeEngine):
            yield owner
