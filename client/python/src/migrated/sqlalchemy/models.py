"""Models, and what an `env.py` of Alembic says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

IncludeName = Callable[[str | None, Any, dict[str, str | None]], bool]
"""Alembic's `include_name(name, type_, parent_names)`."""

IncludeObject = Callable[[Any, str | None, Any, bool, Any], bool]
"""Alembic's `include_object(object, name, type_, reflected, compare_to)`."""

CompareType = Callable[[Any, sa.Column[Any], sa.Column[Any], Any, Any], bool | None]
"""Alembic's `compare_type(context, inspected_column, metadata_column, inspected_type, metadata_type)`."""

CompareServerDefault = Callable[
    [Any, sa.Column[Any], sa.Column[Any], str | None, Any, str | None], bool | None
]
"""Alembic's `compare_server_default(context, inspected_column, metadata_column, inspected_default, metadata_default,
rendered_metadata_default)`."""

RenderItem = Callable[[str, Any, Any], str | Literal[False] | None]
"""Alembic's `render_item(type_, obj, autogen_context)`."""


@dataclass(frozen=True)
class Models:
    """MetaData with what `context.configure()` of Alembic takes for autogenerate, in the same names and signatures.

    Attributes:
        metadata: One MetaData, or several.
        dialect: SQLAlchemy's name of the dialect, where it is not the target's plain one: `mariadb` reads options such
            as `mariadb_engine`, `mysql` those such as `mysql_engine`.
        include_schemas: Looks at all schemas but the system's (PostgreSQL). Those that tables name are looked at
            anyway.
        include_name: Which names of the database are looked at.
        include_object: Which objects, of the models and of the database, are compared.
        compare_type: Whether types of columns are compared; a callable may say that two are the same, by `False`.
        compare_server_default: Whether defaults are compared; a callable may say that two are the same, by `False`.
            Unlike Alembic's, it is on where nothing is said.
        render_item: What Python text stands for an object; `False` for itself, `None` for nothing.
        sqlalchemy_module_prefix: What `render_item` calls SQLAlchemy.
        alembic_module_prefix: What `render_item` calls Alembic's operations.
        user_module_prefix: What `render_item` calls types of the application.
        imports: Lines of import that `render_item` counts on beside those in `autogen_context.imports`: what the
            project's `script.py.mako` imports.
        schema_translate_map: Schemas that stand for others.
        default_schema: The target's own schema, where models name it.
        rules: More rules for the comparison, in the form of the YAML and JSON files.
        opts: What callables find in `context.opts` beside these.

    """

    metadata: sa.MetaData | Sequence[sa.MetaData]
    dialect: str | None = None
    include_schemas: bool = False
    include_name: IncludeName | None = None
    include_object: IncludeObject | None = None
    compare_type: bool | CompareType = True
    compare_server_default: bool | CompareServerDefault = True
    render_item: RenderItem | None = None
    sqlalchemy_module_prefix: str = "sa."
    alembic_module_prefix: str = "op."
    user_module_prefix: str | None = None
    imports: Sequence[str] = ()
    schema_translate_map: Mapping[str | None, str | None] | None = None
    default_schema: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    opts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def several(self) -> list[sa.MetaData]:
        """All MetaData."""
        return [self.metadata] if isinstance(self.metadata, sa.MetaData) else list(self.metadata)
