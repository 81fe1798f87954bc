"""What SQLAlchemy cannot say stays as the database has it."""

from __future__ import annotations

from typing import Any

from migrated.sqlalchemy.patterns import exactly

Described = dict[str, Any]

_COLUMN = ("storage", "compression", "statistics", "invisible")
_OPTIONS = (
    "unlogged",
    "with",
    "tablespace",
    "access_method",
    "replica_identity",
    "inherits",
    "partition",
    "engine",
    "charset",
    "collation",
    "verbatim",
)
_COUNTED = {"SMALLSERIAL": "SMALLINT", "SERIAL": "INTEGER", "BIGSERIAL": "BIGINT"}
_KINDS = ("extension", "composite", "function", "trigger", "policy")


def carried_over(schema: Described, database: Described) -> Described:
    """Add to a description of models what only the database can tell of the same objects.

    That is row security, storage of columns, options of tables where the models say nothing of them, and comments on
    what has none in SQLAlchemy.
    """
    made = dict(schema)
    made["tables"] = _merged(schema, database, "tables", _table)
    for kind in ("schemas", "enums", "domains", "sequences", "views"):
        made[kind] = _merged(schema, database, kind, _commented)
    return {key: value for key, value in made.items() if value}


def base_rules(schema: Described, database: Described) -> dict[str, Any]:
    """Tell which kinds of objects are left out, because models cannot have them.

    A sequence of the database that no column owns, and no model names, is somebody else's.
    """
    exclude: list[dict[str, Any]] = [{"kind": kind} for kind in _KINDS]
    include: list[dict[str, Any]] = []
    for kind, field in (("view", "views"), ("schema", "schemas")):
        described = [_rule(kind, each) for each in schema.get(field, [])]
        if described:
            include += described
        else:
            exclude.append({"kind": kind})
    own = {_key(each) for each in schema.get("sequences", [])}
    exclude += [
        _rule("sequence", each)
        for each in database.get("sequences", [])
        if _key(each) not in own and "owned_by" not in each
    ]
    return {"include": include, "exclude": exclude}


def sequences_of(tables: set[tuple[str | None, str]], database: Described) -> list[dict[str, Any]]:
    """Tell the rules that leave out the sequences of serial columns, with their tables."""
    return [
        _rule("sequence", each)
        for each in database.get("sequences", [])
        if "owned_by" in each and (each.get("schema"), each["owned_by"]["table"]) in tables
    ]


def bare_table(described: Described) -> Described:
    """Reduce a table to what foreign keys need of it: it has to be there, and is not compared."""
    columns = [
        {key: each[key] for key in ("name", "type", "nullable") if key in each}
        for each in described["columns"]
    ]
    for column in columns:
        column["type"] = _COUNTED.get(column["type"], column["type"])
    return {
        key: described[key] for key in ("schema", "name", "primary_key", "uniques") if key in described
    } | {"columns": columns}


def _rule(kind: str, described: Described) -> dict[str, Any]:
    rule = {"kind": kind, "name": exactly(described["name"])}
    return rule if kind == "schema" else rule | {"schema": exactly(described.get("schema") or "")}


def _key(described: Described) -> tuple[str | None, str]:
    return described.get("schema"), described["name"]


def _merged(schema: Described, database: Described, field: str, merge: Any) -> list[Described]:
    there = {_key(each): each for each in database.get(field, [])}
    return [merge(each, there[_key(each)]) if _key(each) in there else each for each in schema.get(field, [])]


def _table(own: Described, there: Described) -> Described:
    made = dict(own)
    if "row_security" in there:
        made["row_security"] = there["row_security"]
    columns = {each["name"]: each for each in there.get("columns", [])}
    made["columns"] = [_column(each, columns.get(each["name"], {})) for each in own["columns"]]
    indexes = {each["name"]: each for each in there.get("indexes", [])}
    if "indexes" in own:
        made["indexes"] = [_commented(each, indexes.get(each["name"], {})) for each in own["indexes"]]
    options, found = own.get("options", {}), there.get("options", {})
    added = {key: found[key] for key in _OPTIONS if key in found and key not in options}
    if "charset" in options:
        # The collation that the database tells belongs to its own character set.
        added.pop("collation", None)
    if "collation" in options:
        added.pop("charset", None)
    if options or added:
        made["options"] = options | added
    return made


def _column(own: Described, there: Described) -> Described:
    return {key: there[key] for key in _COLUMN if key in there} | own


def _commented(own: Described, there: Described) -> Described:
    return ({"comment": there["comment"]} if "comment" in there else {}) | own
