"""Calls about schemas: what a database holds, and what it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from migrated._async.revisions import AsyncRevisions
from migrated._async.seam import blocking
from migrated.config.target import Target
from migrated.new_file import NewRevision, settings
from migrated.schema_source import Schema, read_source
from migrated.v1 import (
    DiffRules,
    LintOptions,
    Rename,
    SchemaDiff,
    SchemaFormat,
    SchemaScope,
    SchemaSource,
    schema_service_pb2,
)
from migrated.v1 import migration_service_pb2 as pb
from migrated.v1.graph_pb2 import GraphRef
from migrated.v1.revision_service_pb2 import CreateRevisionRequest


class AsyncSchemas(AsyncRevisions):
    """Looks at schemas, compares them, and writes revisions from what differs."""

    async def check(
        self,
        schema: Schema | None = None,
        *,
        schemas: Sequence[str] = (),
        all_schemas: bool = False,
        renames: Mapping[str, str] | None = None,
        rules: DiffRules | None = None,
        project: str | None = None,
        target: Target = None,
    ) -> SchemaDiff:
        """Tell how a target differs from a desired schema; nothing in the answer: not at all. Writes nothing.

        Args:
            schema: What it is to be; what its revisions make where it is not given.
            schemas: Schemas that are looked at beside the target's own (PostgreSQL).
            all_schemas: Looks at all schemas but the system's.
            renames: Tables and columns that got another name: old names with new ones, as `t.old` and `t.new`.
            rules: What the comparison looks at and lets pass.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Raises:
            NotAtHead: The target does not stand at the graph's heads.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        desired = None if schema is None else await self._read(schema)
        request = pb.CheckRequest(
            project=self._project(project),
            target=self._target(target),
            desired=desired,
            scope=SchemaScope(schemas=schemas, all_schemas=all_schemas),
            rules=_rules(renames, rules),
        )

        async def call(graph: GraphRef) -> pb.CheckResponse:
            request.graph.CopyFrom(graph)
            _put_graph(request.desired, graph)
            return await self.api.migrations.check(request)

        return (await self._ask(call, project)).diff

    async def diff(
        self,
        old: Schema,
        new: Schema,
        *,
        schemas: Sequence[str] = (),
        all_schemas: bool = False,
        renames: Mapping[str, str] | None = None,
        rules: DiffRules | None = None,
        target: Target = None,
        project: str | None = None,
    ) -> SchemaDiff:
        """Compare two schemas; `target` is the database beside which scratch ones are made, where neither is one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        sides = [await self._read(old), await self._read(new)]
        request = schema_service_pb2.DiffRequest(
            to=sides[1],
            scope=SchemaScope(schemas=schemas, all_schemas=all_schemas),
            rules=_rules(renames, rules),
        )
        getattr(request, "from").CopyFrom(sides[0])
        if not any(side.WhichOneof("source") == "target" for side in sides):
            request.beside.CopyFrom(self._target(target))

        async def call(graph: GraphRef) -> schema_service_pb2.DiffResponse:
            _put_graph(getattr(request, "from"), graph)
            _put_graph(request.to, graph)
            return await self.api.schemas.diff(request)

        if any(side.WhichOneof("source") == "revisions" for side in sides):
            return (await self._ask(call, project)).diff
        return (await self.api.schemas.diff(request)).diff

    async def inspect(
        self,
        *,
        form: str = "",
        schemas: Sequence[str] = (),
        all_schemas: bool = False,
        target: Target = None,
    ) -> schema_service_pb2.InspectResponse:
        """Read a target's schema; as text too, where `form` is `sql`, `yaml`, `json` or `mermaid`.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = schema_service_pb2.InspectRequest(
            target=self._target(target),
            scope=SchemaScope(schemas=schemas, all_schemas=all_schemas),
            format=SchemaFormat.Value(f"SCHEMA_FORMAT_{(form or 'unspecified').upper()}"),
        )
        return await self.api.schemas.inspect(request)

    async def autogenerate(
        self,
        schema: Schema,
        message: str = "",
        *,
        allow_drop: bool = False,
        even_if_empty: bool = False,
        schemas: Sequence[str] = (),
        all_schemas: bool = False,
        renames: Mapping[str, str] | None = None,
        rules: DiffRules | None = None,
        project: str | None = None,
        target: Target = None,
    ) -> tuple[SchemaDiff, NewRevision | None]:
        """Compare a target with a desired schema, and write the revision that makes it so.

        Args:
            schema: What the target is to be.
            message: The revision's message.
            allow_drop: Allows what destroys data.
            even_if_empty: Writes a revision even where nothing was found.
            schemas: Schemas that are looked at beside the target's own (PostgreSQL).
            all_schemas: Looks at all schemas but the system's.
            renames: Tables and columns that got another name: old names with new ones.
            rules: What the comparison looks at and lets pass.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Returns:
            What was found, and the revision; none where nothing was found.

        Raises:
            DropNotAllowed: Something would destroy data, and that was not allowed.
            LocalFile: There is no folder, or the file cannot be written.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        await self._need_folder()
        request = pb.AutogenerateRequest(
            revision=CreateRevisionRequest(
                project=self._project(project),
                message=message,
                settings=settings(self.config),
                version_locations=self._folder.locations().names,
            ),
            target=self._target(target),
            desired=await self._read(schema),
            scope=SchemaScope(schemas=schemas, all_schemas=all_schemas),
            rules=_rules(renames, rules),
            allow_drop=allow_drop,
            even_if_empty=even_if_empty,
            lint=LintOptions(ignore=self.config.texts("lint.ignore")),
        )

        async def call(graph: GraphRef) -> pb.AutogenerateResponse:
            request.revision.graph.CopyFrom(graph)
            _put_graph(request.desired, graph)
            return await self.api.migrations.autogenerate(request)

        answer = await self._ask(call, project)
        if not answer.HasField("file"):
            return answer.diff, None
        return answer.diff, await self._write(answer.revision, answer.file)

    async def _read(self, schema: Schema) -> SchemaSource:
        return await blocking(partial(read_source, self.config, schema))


def _rules(renames: Mapping[str, str] | None, rules: DiffRules | None) -> DiffRules:
    all_rules = DiffRules()
    if rules is not None:
        all_rules.CopyFrom(rules)
    pairs = (renames or {}).items()
    all_rules.renames.extend(Rename(old_name=old, new_name=new) for old, new in pairs)
    return all_rules


def _put_graph(source: SchemaSource, graph: GraphRef) -> None:
    if source.WhichOneof("source") == "revisions":
        source.revisions.graph.CopyFrom(graph)
