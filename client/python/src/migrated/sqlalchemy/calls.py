"""Comparisons of models with a target, by a client."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from migrated import AsyncClient, Client
from migrated.config.target import Target, target_ref
from migrated.new_file import NewRevision
from migrated.schema_source import Schema
from migrated.sqlalchemy.described import Description
from migrated.sqlalchemy.desired import Desired, desired_schema, schemas_of
from migrated.sqlalchemy.models import Models
from migrated.v1.schema_pb2 import SchemaDiff, SchemaSource
from migrated.v1.schema_service_pb2 import InspectResponse

AnyModels: TypeAlias = "Models | sa.MetaData | Sequence[sa.MetaData]"
"""MetaData, or `Models` with the callables of an `env.py`."""

_LOG = logging.getLogger("migrated.sqlalchemy")

_DIALECTS = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite"}


def desired(
    client: Client, models: AnyModels, *, project: str | None = None, target: Target = None
) -> Desired:
    """Describe what models want of a target: of its dialect, its server's version, and beside what it holds.

    Raises:
        ModelError: Something of the models cannot be described.
        MigratedError: The daemon's refusal, or why it cannot be reached.

    """
    asked = _models(models)
    server = client.current(project=project, target=target).server
    answer = client.inspect(form="json", all_schemas=asked.include_schemas, target=target)
    if _wants_schemas(asked, answer):
        answer = client.inspect(form="json", schemas=schemas_of(asked), target=target)
    return _desired(asked, answer, server)


def check(
    client: Client,
    models: AnyModels,
    *,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> SchemaDiff:
    """Tell how a target differs from what models want; nothing in the answer: not at all. Writes nothing.

    Args:
        client: The client.
        models: MetaData, or `Models` with the callables of an `env.py`.
        renames: Tables and columns that got another name: old names with new ones, as `t.old` and `t.new`.
        project: Another project than the configured one.
        target: Another target than the configured one.

    Raises:
        ModelError: Something of the models cannot be described.
        NotAtHead: The target does not stand at the graph's heads.
        MigratedError: The daemon's refusal, or why it cannot be reached.

    """
    wanted = desired(client, models, project=project, target=target)
    return client.check(
        wanted.source(),
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


def diff(
    client: Client,
    models: AnyModels,
    old: Schema | None = None,
    *,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> SchemaDiff:
    """Tell what makes a schema the models', wherever the target stands in its history.

    Args:
        client: The client.
        models: MetaData, or `Models` with the callables of an `env.py`.
        old: What is: the target where it is not given.
        renames: Tables and columns that got another name: old names with new ones.
        project: Another project than the configured one.
        target: Another target than the configured one.

    Raises:
        ModelError: Something of the models cannot be described.
        MigratedError: The daemon's refusal, or why it cannot be reached.

    """
    wanted = desired(client, models, project=project, target=target)
    return client.diff(
        _standing(client, target) if old is None else old,
        wanted.source(),
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


def revision(
    client: Client,
    models: AnyModels,
    message: str = "",
    *,
    allow_drop: bool = False,
    even_if_empty: bool = False,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> tuple[SchemaDiff, NewRevision | None]:
    """Compare a target with what models want, and write the revision that makes it so: `revision --autogenerate`.

    Args:
        client: The client.
        models: MetaData, or `Models` with the callables of an `env.py`.
        message: The revision's message.
        allow_drop: Allows what destroys data.
        even_if_empty: Writes a revision even where nothing was found.
        renames: Tables and columns that got another name: old names with new ones.
        project: Another project than the configured one.
        target: Another target than the configured one.

    Returns:
        What was found, and the revision; none where nothing was found.

    Raises:
        ModelError: Something of the models cannot be described.
        DropNotAllowed: Something would destroy data, and that was not allowed.
        MigratedError: The daemon's refusal, or why it cannot be reached.

    """
    wanted = desired(client, models, project=project, target=target)
    return client.autogenerate(
        wanted.source(),
        message,
        allow_drop=allow_drop,
        even_if_empty=even_if_empty,
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


async def desired_async(
    client: AsyncClient, models: AnyModels, *, project: str | None = None, target: Target = None
) -> Desired:
    """Do what `desired` does, for asyncio."""
    asked = _models(models)
    server = (await client.current(project=project, target=target)).server
    answer = await client.inspect(form="json", all_schemas=asked.include_schemas, target=target)
    if _wants_schemas(asked, answer):
        answer = await client.inspect(form="json", schemas=schemas_of(asked), target=target)
    return _desired(asked, answer, server)


async def check_async(
    client: AsyncClient,
    models: AnyModels,
    *,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> SchemaDiff:
    """Do what `check` does, for asyncio."""
    wanted = await desired_async(client, models, project=project, target=target)
    return await client.check(
        wanted.source(),
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


async def diff_async(
    client: AsyncClient,
    models: AnyModels,
    old: Schema | None = None,
    *,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> SchemaDiff:
    """Do what `diff` does, for asyncio."""
    wanted = await desired_async(client, models, project=project, target=target)
    return await client.diff(
        _standing(client, target) if old is None else old,
        wanted.source(),
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


async def revision_async(
    client: AsyncClient,
    models: AnyModels,
    message: str = "",
    *,
    allow_drop: bool = False,
    even_if_empty: bool = False,
    renames: Mapping[str, str] | None = None,
    project: str | None = None,
    target: Target = None,
) -> tuple[SchemaDiff, NewRevision | None]:
    """Do what `revision` does, for asyncio."""
    wanted = await desired_async(client, models, project=project, target=target)
    return await client.autogenerate(
        wanted.source(),
        message,
        allow_drop=allow_drop,
        even_if_empty=even_if_empty,
        schemas=wanted.schemas,
        all_schemas=wanted.all_schemas,
        rules=wanted.diff_rules(renames),
        project=project,
        target=target,
    )


def _models(models: AnyModels) -> Models:
    return models if isinstance(models, Models) else Models(models)


def _described(answer: InspectResponse) -> Description:
    found: Description = json.loads(answer.text)
    return found


def _wants_schemas(models: Models, answer: InspectResponse) -> bool:
    """Tell whether schemas have to be read that were not; only PostgreSQL has any."""
    return (
        not models.include_schemas
        and bool(schemas_of(models))
        and _described(answer).get("dialect") == "postgres"
    )


def _desired(models: Models, answer: InspectResponse, server: str) -> Desired:
    database = _described(answer)
    dialect = models.dialect or _DIALECTS[database["dialect"]]
    wanted = desired_schema(models, dialect, server, database=database)
    for note in wanted.notes:
        _LOG.info("%s", note)
    return wanted


def _standing(client: Client | AsyncClient, target: Target) -> Schema:
    """Tell the target as what is."""
    return SchemaSource(target=target_ref(client.config, target))
