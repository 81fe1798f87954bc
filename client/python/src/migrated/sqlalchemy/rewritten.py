"""What `render_item` makes of models."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.engine import Dialect

from migrated.sqlalchemy.errors import ModelError
from migrated.sqlalchemy.models import Models, RenderItem
from migrated.sqlalchemy.options import owner_of

_KINDS: list[tuple[type[sa.Constraint], str]] = [
    (sa.PrimaryKeyConstraint, "primary_key"),
    (sa.ForeignKeyConstraint, "foreign_key"),
    (sa.UniqueConstraint, "unique"),
    (ExcludeConstraint, "exclude"),
    (sa.CheckConstraint, "check"),
]

_KEEP = object()


def rewritten(models: Models, context: Any, dialect: Dialect) -> list[sa.MetaData]:
    """Ask `render_item` about every type, default, column and constraint, and put its answers into a copy.

    A text is evaluated as it would be in a revision: with SQLAlchemy, Alembic's `op`, the imports that `render_item`
    added to `autogen_context.imports`, and those of `Models.imports`.

    Args:
        models: The models; they are not changed.
        context: The `autogen_context`.
        dialect: The dialect, whose variants of types are asked about.

    Raises:
        ModelError: A text does not evaluate, or to something else than it stands for.

    """
    if models.render_item is None:
        return models.several
    asked = _Asked(models, models.render_item, context)
    return [_rewritten(metadata, asked, dialect) for metadata in models.several]


def _rewritten(metadata: sa.MetaData, asked: _Asked, dialect: Dialect) -> sa.MetaData:
    first = _copied(metadata)
    for table in first.tables.values():
        # The objects of the models themselves are what is asked about: a callable may know them.
        original = metadata.tables[table.key]
        for column in table.columns:
            _rewrite_column(original.columns[column.key], column, asked, dialect)
        _rewrite_constraints(original, table, asked)
    # Copied once more, for constraints that come with a type: those of the old types go, those of the new come.
    second = _copied(first)
    _keep_loose_parts(metadata, second)
    return second


def _copied(metadata: sa.MetaData) -> sa.MetaData:
    made = sa.MetaData(naming_convention=metadata.naming_convention, schema=metadata.schema)
    for table in metadata.tables.values():
        own: Any = table.to_metadata(made)
        own._prefixes = list(getattr(table, "_prefixes", []))
    return made


def _keep_loose_parts(metadata: sa.MetaData, made: sa.MetaData) -> None:
    """Take over what belongs to no table: sequences, types that were given the MetaData, and listeners."""
    own: Any = made
    of: Any = metadata
    for key, sequence in of._sequences.items():
        own._sequences.setdefault(key, sequence)
    used = {
        getattr(column.type, "name", None) for table in metadata.tables.values() for column in table.columns
    }
    for name in ("before_create", "after_create"):
        for listener in getattr(of.dispatch, name):
            owner = owner_of(listener)
            if not isinstance(owner, sa.types.SchemaType) or owner.name not in used:
                event.listen(made, name, listener)


def _rewrite_column(
    original: sa.Column[Any], column: sa.Column[Any], asked: _Asked, dialect: Dialect
) -> None:
    where = f"table {column.table.fullname!r}, column {column.name!r}"
    whole = asked.about("column", original, where, sa.Column)
    if whole is None:
        raise ModelError("`render_item` leaves out a column: exclude it by `include_object`", where=where)
    if whole is not _KEEP:
        column.type, column.nullable, column.comment = whole.type, whole.nullable, whole.comment
        column.server_default = whole.server_default
        for generated in (whole.computed, whole.identity):
            if generated is not None:
                generated.copy()._set_parent(column)
        return
    column.type = _type(original.type, where, asked, dialect)
    if original.server_default is None:
        return
    default = asked.about("server_default", original.server_default, where, object)
    if default is None:
        column.server_default = None
    elif isinstance(default, sa.Computed | sa.Identity):
        default._set_parent(column)
    elif default is not _KEEP:
        column.server_default = default if isinstance(default, sa.FetchedValue) else sa.DefaultClause(default)


def _type(
    type_: sa.types.TypeEngine[Any], where: str, asked: _Asked, dialect: Dialect
) -> sa.types.TypeEngine[Any]:
    """Ask about a type, then about its variant for the dialect, then about the type of an array's items."""
    found = asked.about("type", type_, where, sa.types.TypeEngine)
    if found is None:
        raise ModelError("`render_item` leaves out a type", where=where)
    if found is not _KEEP:
        rewritten_type: sa.types.TypeEngine[Any] = found
        return rewritten_type
    variant = type_._variant_mapping.get(dialect.name)
    if variant is not None:
        return _type(variant, where, asked, dialect)
    if isinstance(type_, sa.ARRAY):
        item = _type(type_.item_type, where, asked, dialect)
        if item is not type_.item_type:
            array: Any = type_.copy()
            array.item_type = item
            return array  # type: ignore[no-any-return]
    return type_


def _rewrite_constraints(original: sa.Table, table: sa.Table, asked: _Asked) -> None:
    copies = {(type(each), each.name, tuple(each.columns.keys())): each for each in table.constraints}  # type: ignore[attr-defined]
    for constraint in list(original.constraints):
        own: Any = constraint
        if getattr(own, "_type_bound", False):
            continue
        kind = next((word for of, word in _KINDS if isinstance(constraint, of)), None)
        copy = copies.get((type(constraint), constraint.name, tuple(own.columns.keys())))
        if kind is None or copy is None or (kind == "primary_key" and not len(own.columns)):
            continue
        where = f"table {table.fullname!r}, {kind} {constraint.name}"
        found = asked.about(kind, constraint, where, sa.Constraint)
        if found is _KEEP:
            continue
        table.constraints.discard(copy)
        if found is not None:
            table.append_constraint(found)


class _Asked:
    """Asks `render_item`, and evaluates what it answers."""

    def __init__(self, models: Models, render_item: RenderItem, context: Any) -> None:
        self._ask = render_item
        self._context = context
        self._names: dict[str, Any] = {
            "sqlalchemy": sa,
            models.sqlalchemy_module_prefix.rstrip(".") or "sa": sa,
        }
        self._imported: set[str] = set()
        self._wanted = list(models.imports)
        try:
            from alembic import op
        except ImportError:
            pass
        else:
            self._names[models.alembic_module_prefix.rstrip(".") or "op"] = op

    def about(self, kind: str, item: Any, where: str, wanted: type[Any]) -> Any:
        """Tell what an item is to be: `_KEEP` for itself, `None` for nothing."""
        answer = self._ask(kind, item, self._context)
        if answer is False:
            return _KEEP
        if answer is None:
            return None
        return self._evaluated(str(answer), where, wanted)

    def _evaluated(self, text: str, where: str, wanted: type[Any]) -> Any:
        advice = (
            "make `render_item` return Python that evaluates to it, and add what it needs to "
            "`autogen_context.imports`"
        )
        try:
            for line in [*self._wanted, *sorted(self._context.imports)]:
                if line not in self._imported:
                    exec(line, self._names)  # noqa: S102 - the project's own import, as its revisions would have it
                    self._imported.add(line)
            found = eval(text, self._names)  # noqa: S307 - the project's own text, as its revisions would have it
        except Exception as error:
            raise ModelError(
                f"`render_item` returned {text!r}, which does not evaluate: {type(error).__name__}: {error}",
                where=where,
                next_command=advice,
            ) from error
        if wanted is sa.types.TypeEngine and isinstance(found, type) and issubclass(found, wanted):
            found = found()
        if not isinstance(found, wanted):
            raise ModelError(
                f"`render_item` returned {text!r}, which is a {type(found).__name__} and no {wanted.__name__}",
                where=where,
                next_command=advice,
            )
        return found
