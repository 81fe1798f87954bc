"""`include_name` and `include_object`: what they exclude is data for the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from migrated.sqlalchemy.errors import described_at
from migrated.sqlalchemy.models import IncludeName, Models
from migrated.sqlalchemy.patterns import exactly
from migrated.sqlalchemy.reflected import Key, by_key
from migrated.sqlalchemy.writer import Writer

_PARTS: list[tuple[type[Any], str, str]] = [
    (sa.Column, "column", "column"),
    (sa.Index, "index", "index"),
    (sa.UniqueConstraint, "unique_constraint", "unique"),
    (sa.ForeignKeyConstraint, "foreign_key_constraint", "foreign_key"),
    (sa.CheckConstraint, "check_constraint", "check"),
]
"""Parts of a table that are asked about: what Alembic calls them, and what rules do."""


class Filters:
    """What callables exclude.

    Attributes:
        excluded: The rules that leave it out of the comparison.
        tables: The tables that are excluded, by schema and name.

    """

    def __init__(
        self, models: Models, several: list[sa.MetaData], database: sa.MetaData, writer: Writer
    ) -> None:
        """Ask about every object of the models and of the database."""
        self.excluded: list[dict[str, Any]] = []
        self.tables: set[Key] = set()
        self._models = models
        self._writer = writer
        self._left_out: set[int] = set()
        self._unnamed: set[Key] = set()
        tables = {
            (writer.schema(table), writer.name(table.name)): table
            for metadata in several
            for table in metadata.tables.values()
        }
        found = by_key(database)
        for key, table in tables.items():
            self._table(key, table, found.get(key) if self._is_named(key) else None)
        for key, table in found.items():
            if (
                key not in tables
                and self._is_named(key)
                and not self._is_included(table, table.name, "table", True)
            ):
                self._exclude("table", key)
        self._needed = _needed(several, self._left_out)

    def keep(self, item: Any) -> bool:
        """Tell whether an object of the models is described."""
        if isinstance(item, sa.Table):
            # What a foreign key refers to must be there for it to be made; the rule leaves it out all the same.
            return id(item) not in self._left_out or id(item) in self._needed
        if isinstance(item, sa.Column) and id(item) in self._left_out:
            return any(item.name in names for names in _names_in(item.table, self._writer))
        return id(item) not in self._left_out

    def _is_named(self, key: Key) -> bool:
        """Ask `include_name` about a table of the database, once."""
        ask = self._models.include_name
        if ask is None:
            return True
        if key in self._unnamed:
            return False
        schema, name = key
        if not self._schema_is_named(ask, schema):
            rules = [{"schema": exactly(schema or "")}, {"kind": "schema", "name": exactly(schema or "")}]
            self.excluded += [rule for rule in rules if rule not in self.excluded]
            self._unnamed.add(key)
            return False
        if not ask(name, "table", {"schema_name": schema, "schema_qualified_table_name": _qualified(key)}):
            self._unnamed.add(key)
            self._exclude("table", key)
            return False
        return True

    def _schema_is_named(self, ask: IncludeName, schema: str | None) -> bool:
        """Ask about a schema. The target's own has no name for Alembic; one that is configured has its name, too."""
        own = self._models.default_schema if schema is None else None
        return ask(schema, "schema", {}) or (own is not None and ask(own, "schema", {}))

    def _table(self, key: Key, table: sa.Table, database: sa.Table | None) -> None:
        if key in self._unnamed:
            self._left_out.add(id(table))
            return
        if not self._is_included(table, table.name, "table", False, database):
            self._left_out.add(id(table))
            self._exclude("table", key)
            return
        for kind, word, rule in _PARTS:
            if kind is sa.Column and database is None:
                continue
            self._parts(key, list(_of(table, kind)), list(_of(database, kind)), word, rule)

    def _parts(self, key: Key, own: list[Any], there: list[Any], word: str, rule: str) -> None:
        named = {self._name(item): item for item in there if self._part_is_named(key, item, word)}
        if len(named) < len(there):
            for item in there:
                if self._name(item) not in named:
                    self._exclude(rule, key, self._name(item))
                    self._left_out |= {id(each) for each in own if self._name(each) == self._name(item)}
        met = set()
        for item in own:
            if id(item) in self._left_out:
                continue
            counterpart = named.get(self._name(item))
            if counterpart is None:
                counterpart = _alike(item, named.values())
            if counterpart is not None:
                met.add(id(counterpart))
            if not self._is_included(item, self._name(item), word, False, counterpart):
                self._left_out.add(id(item))
                for name in {self._name(item), self._name(counterpart) if counterpart is not None else None}:
                    self._exclude(rule, key, name)
        for name, item in named.items():
            if id(item) not in met and not self._is_included(item, name, word, True):
                self._exclude(rule, key, name)

    def _part_is_named(self, key: Key, item: Any, word: str) -> bool:
        ask = self._models.include_name
        if ask is None:
            return True
        parents: dict[str, str | None] = {"schema_name": key[0], "table_name": key[1]}
        return ask(self._name(item), word, parents | {"schema_qualified_table_name": _qualified(key)})

    def _is_included(self, item: Any, name: Any, word: str, reflected: bool, counterpart: Any = None) -> bool:
        ask = self._models.include_object
        return ask is None or bool(ask(item, name, word, reflected, counterpart))

    def _name(self, item: Any) -> str | None:
        if isinstance(item, sa.Column):
            return self._writer.name(item.name)
        return self._writer.constraint_name(item)

    def _exclude(self, kind: str, key: Key, part: str | None = "") -> None:
        """Leave out a table, or a part of it; a part without a name has the empty one."""
        rule = {"kind": kind, "schema": exactly(key[0] or "")}
        if kind == "table":
            rule["name"] = exactly(key[1])
            self.tables.add(key)
        else:
            rule |= {"table": exactly(key[1]), "name": exactly(part or "")}
        if rule not in self.excluded:
            self.excluded.append(rule)


def _qualified(key: Key) -> str:
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def _of(table: sa.Table | None, kind: type[Any]) -> Iterator[Any]:
    if table is None:
        return
    if kind is sa.Column:
        yield from table.columns
    elif kind is sa.Index:
        yield from sorted(table.indexes, key=lambda index: str(index.name))
    else:
        own: Any = table
        for constraint in own._sorted_constraints:
            if isinstance(constraint, kind) and not getattr(constraint, "_type_bound", False):
                yield constraint


def _alike(item: Any, there: Any) -> Any:
    """Find the counterpart of a constraint by what it says: the name is the engine's where it was given none."""
    if isinstance(item, sa.UniqueConstraint):
        columns = {column.name for column in item.columns}
        return next((each for each in there if {column.name for column in each.columns} == columns), None)
    if isinstance(item, sa.ForeignKeyConstraint):
        columns_of = [element.parent.name for element in item.elements]
        return next((each for each in there if each.column_keys == columns_of), None)
    return None


def _needed(several: list[sa.MetaData], left_out: set[int]) -> set[int]:
    """Tell the tables to which foreign keys refer of tables that are described."""
    needed: set[int] = set()
    pending = [
        table for metadata in several for table in metadata.tables.values() if id(table) not in left_out
    ]
    while pending:
        for key in pending.pop().foreign_keys:
            if id(key) in left_out or id(key.constraint) in left_out:
                continue
            with described_at("the models"):
                target = key.column.table
            if id(target) in left_out and id(target) not in needed:
                needed.add(id(target))
                pending.append(target)
    return needed


def _names_in(table: sa.Table, writer: Writer) -> Iterator[set[str]]:
    """Tell which columns a table's constraints, indexes and generated columns name."""
    for constraint in table.constraints:
        own: Any = constraint
        yield {column.name for column in own.columns}
        if isinstance(constraint, sa.CheckConstraint):
            yield _words(writer.expression(constraint.sqltext))
    for index in table.indexes:
        yield {column.name for column in index.columns}
        for expression in index.expressions:
            yield _words(writer.expression(expression))
    for column in table.columns:
        if column.computed is not None:
            yield _words(writer.expression(column.computed.sqltext))


def _words(text: str) -> set[str]:
    words: list[str] = []
    for quoted in text.replace("`", '"').split('"'):
        words.append(quoted)
        words += "".join(c if c.isalnum() or c in "_$" else " " for c in quoted).split()
    return set(words)
