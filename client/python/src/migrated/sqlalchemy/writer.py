"""The texts of a dialect: each is what SQLAlchemy's own compiler of it writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import quoted_name

from migrated.sqlalchemy.dialects import ENGINES


class Writer:
    """Writes types, expressions and names for one dialect.

    Attributes:
        dialect: SQLAlchemy's dialect.
        engine: The daemon's word for it: `postgres`, `mysql`, `sqlite`.
        mariadb: Whether the server is MariaDB.
        ddl: SQLAlchemy's compiler of DDL.

    """

    def __init__(
        self,
        dialect: Dialect,
        schema_translate_map: Mapping[str | None, str | None] | None = None,
        default_schema: str | None = None,
    ) -> None:
        self.dialect = dialect
        self.engine = ENGINES[dialect.name]
        self.mariadb = bool(getattr(dialect, "is_mariadb", False))
        self._translate = dict(schema_translate_map or {})
        self._default_schema = default_schema
        kind: Any = dialect.ddl_compiler
        options: dict[str, Any] = {}
        if self._translate:
            options["schema_translate_map"] = self._translate
        self.ddl: Any = kind(dialect, None, **options)

    def type(self, type_: sa.types.TypeEngine[Any], column: sa.Column[Any] | None = None) -> str:
        """Write a type, as it stands in the definition of a column."""
        compiler: Any = self.dialect.type_compiler_instance
        text = compiler.process(type_, type_expression=column, identifier_preparer=self.ddl.preparer)
        return self._translated(text)

    def expression(self, clause: Any, **options: Any) -> str:
        """Write an expression, with its values in it and no table before its columns."""
        options = {"include_table": False, "literal_binds": True} | options
        return self._translated(self.ddl.sql_compiler.process(clause, **options))

    def query(self, selectable: Any) -> str:
        """Write a query with its values in it."""
        return self._translated(self.ddl.sql_compiler.process(selectable, literal_binds=True))

    def default(self, column: sa.Column[Any]) -> str | None:
        """Write what follows DEFAULT, without the parentheses that SQLAlchemy may put around it."""
        text = self.ddl.get_column_default_string(column)
        return None if text is None else self._translated(text)

    def default_value(self, value: Any) -> str:
        """Write a default that is no column's."""
        return self._translated(self.ddl.render_default_string(value))

    def specification(self, column: sa.Column[Any]) -> str:
        """Write a column's whole definition."""
        return self._translated(self.ddl.get_column_specification(column, first_pk=column.primary_key))

    def element(self, element: Any) -> str:
        """Write a piece of DDL."""
        return self._translated(self.ddl.process(element))

    def constraint_name(self, item: sa.Constraint | sa.Index) -> str | None:
        """Tell a constraint's or index's name: after the naming convention, cut as SQLAlchemy cuts it, unquoted."""
        if item.name is None:
            return None
        preparer = self.ddl.preparer
        name = preparer.format_constraint(item, _alembic_quote=False)
        return None if name is None else self.name(name)

    def name(self, name: str) -> str:
        """Tell a name as the database keeps it."""
        if self.engine == "postgres" and isinstance(name, quoted_name) and name.quote is False:
            return name.lower()
        return str(name)

    def schema(self, item: Any) -> str | None:
        """Tell the schema of a table, type or sequence; `None` for the target's own."""
        own: str | None = item.schema
        if self._translate:
            own = self._translate.get(own, own)
        if own is None or own == self._default_schema:
            return None
        return self.name(own)

    def named(self, item: Any) -> dict[str, Any]:
        """Tell an object's name and, where it is not the target's own, its schema."""
        schema = self.schema(item)
        name = {"name": self.name(item.name)}
        return name if schema is None else {"schema": schema} | name

    def _translated(self, text: str) -> str:
        if not self._translate:
            return str(text)
        for schema, meant in self._translate.items():
            if meant is None:
                # The target's own schema has no name here.
                text = text.replace(f"__[SCHEMA_{schema or '_none'}].", "")
        replaced = self.ddl.preparer._render_schema_translates(text, self._translate)
        return str(replaced)
