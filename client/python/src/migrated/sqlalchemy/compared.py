"""`compare_type` and `compare_server_default`: what they take for the same is data for the daemon."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from migrated.sqlalchemy.models import Models
from migrated.sqlalchemy.patterns import exactly
from migrated.sqlalchemy.reflected import by_key, default_text
from migrated.sqlalchemy.writer import Writer


def comparison_rules(
    models: Models, several: list[sa.MetaData], database: sa.MetaData, writer: Writer, context: Any
) -> dict[str, Any]:
    """Ask about every column that both the models and the database have.

    A callable that answers `False` says that two are the same: that difference is let pass. `True` and `None` leave it
    to the comparison: where the engine itself knows no difference, there is none to make.
    """
    rules: dict[str, Any] = {}
    of_type = models.compare_type if callable(models.compare_type) else None
    of_default = models.compare_server_default if callable(models.compare_server_default) else None
    if models.compare_type is False:
        rules["compare_type"] = False
    if models.compare_server_default is False:
        rules["compare_server_default"] = False
    if of_type is None and of_default is None:
        return rules
    there = by_key(database)
    tolerated = []
    for table in (table for metadata in several for table in metadata.tables.values()):
        key = (writer.schema(table), writer.name(table.name))
        if key not in there:
            continue
        for column in table.columns:
            found = there[key].columns.get(writer.name(column.name))
            if found is None:
                continue
            aspects = []
            if of_type is not None and of_type(context, found, column, found.type, column.type) is False:
                aspects.append("type")
            if of_default is not None:
                inspected, rendered = default_text(found), writer.default(column)
                if (inspected, column.server_default) != (None, None):
                    same = of_default(context, found, column, inspected, column.server_default, rendered)
                    if same is False:
                        aspects.append("server_default")
            if aspects:
                of = {
                    "kind": "column",
                    "schema": exactly(key[0] or ""),
                    "table": exactly(key[1]),
                    "name": exactly(writer.name(column.name)),
                }
                tolerated.append({"of": of, "aspects": aspects})
    return rules | ({"tolerate": tolerated} if tolerated else {})
