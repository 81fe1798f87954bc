"""Options of a dialect on tables, constraints and indexes."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa

from migrated.sqlalchemy.errors import ModelError
from migrated.sqlalchemy.writer import Writer

_CHARSETS = {"charset", "default_charset", "character_set", "default_character_set"}
_COLLATIONS = {"collate", "default_collate"}
_PARTITIONS = {"partition_by", "partitions", "subpartition_by", "subpartitions"}


def vendor_option(item: Any, option: str, writer: Writer, *, shared: bool = False) -> Any:
    """Read an option of an index or constraint under the name of the dialect, `mysql` or `mariadb`.

    Args:
        item: The index or constraint.
        option: The option, without the name of the dialect.
        writer: What writes for the dialect.
        shared: Whether MariaDB's dialect takes it from MySQL's name, too.

    """
    value = item.kwargs.get(f"{writer.dialect.name}_{option}")
    if value is None and shared:
        value = item.kwargs.get(f"mysql_{option}")
    return value


def applies(item: Any, target: Any, writer: Writer) -> bool:
    """Tell whether `ddl_if` or `execute_if` lets a constraint, an index or a piece of DDL be made for the dialect."""
    rule = getattr(item, "_ddl_if", None)
    if rule is None:
        return True
    return bool(rule._should_execute(item, target, None, compiler=writer.ddl))


def owner_of(bound: Any) -> Any:
    """Tell whose method it is that SQLAlchemy keeps to call later; `None` where it is no method."""
    while isinstance(bound, partial):
        bound = bound.func
    owner = getattr(bound, "__self__", None)
    return getattr(bound, "target", None) if owner is None else owner


def storage(options: dict[str, Any]) -> dict[str, str]:
    """Tell storage parameters as texts; one without a value is on."""
    told: dict[str, str] = {}
    for name, value in options.items():
        on = "true" if value is None else str(value)
        told[str(name)] = on.lower() if isinstance(value, bool) else on
    return told


def table_options(table: sa.Table, writer: Writer) -> dict[str, Any]:
    """Describe what a table's definition says beside columns and constraints."""
    options = {"postgres": _postgres, "mysql": _mysql, "sqlite": _sqlite}[writer.engine](table, writer)
    prefixes = [str(prefix).upper() for prefix in getattr(table, "_prefixes", [])]
    for prefix in prefixes:
        if prefix == "UNLOGGED" and writer.engine == "postgres":
            options["unlogged"] = True
        else:
            raise ModelError(f"a table with the prefix {prefix} has no description")
    return options


def _postgres(table: sa.Table, writer: Writer) -> dict[str, Any]:
    own = table.dialect_options["postgresql"]
    options: dict[str, Any] = {}
    inherits = own["inherits"]
    if inherits is not None:
        parents = inherits if isinstance(inherits, list | tuple) else (inherits,)
        options["inherits"] = [{"name": writer.name(parent)} for parent in parents]
    if own["partition_by"]:
        options["partition"] = {"by": str(own["partition_by"])}
    if own["using"]:
        options["access_method"] = str(own["using"])
    if own.get("with"):
        options["with"] = storage(own["with"])
    if own["tablespace"]:
        options["tablespace"] = str(own["tablespace"])
    if own["with_oids"]:
        raise ModelError("PostgreSQL has no WITH OIDS since version 12")
    if own["on_commit"]:
        raise ModelError("ON COMMIT is for temporary tables, which are no part of a schema")
    return options


def _mysql(table: sa.Table, writer: Writer) -> dict[str, Any]:
    # MariaDB's dialect reads `mariadb_…` only, MySQL's `mysql_…`, whichever server it speaks to.
    prefix = f"{writer.dialect.name}_"
    own = {
        key.removeprefix(prefix).lower(): value
        for key, value in table.kwargs.items()
        if key.startswith(prefix)
    }
    options: dict[str, Any] = {}
    verbatim = []
    for key, value in own.items():
        if key == "engine":
            options["engine"] = str(value)
        elif key in _CHARSETS:
            options["charset"] = str(value)
        elif key in _COLLATIONS:
            options["collation"] = str(value)
        elif key not in _PARTITIONS:
            verbatim.append(_written({prefix + key: value}, writer))
    partition = _written({prefix + key: own[key] for key in own if key in _PARTITIONS}, writer)
    if partition:
        options["partition"] = {"by": partition.removeprefix("PARTITION BY ")}
    if verbatim:
        options["verbatim"] = verbatim
    return options


def _written(options: dict[str, Any], writer: Writer) -> str:
    """Let SQLAlchemy write options of a table."""
    if not options:
        return ""
    return str(writer.ddl.post_create_table(sa.Table("t", sa.MetaData(), **options))).strip()


def _sqlite(table: sa.Table, writer: Writer) -> dict[str, Any]:
    own = table.dialect_options["sqlite"]
    options: dict[str, Any] = {}
    if not own["with_rowid"]:
        options["without_rowid"] = True
    if own.get("strict"):
        options["strict"] = True
    return options
