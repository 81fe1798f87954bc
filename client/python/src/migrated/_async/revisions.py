"""Calls about the revision graph: what is in it, and how it changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from migrated._async.core import AsyncCore
from migrated._async.seam import blocking
from migrated.config.target import Target
from migrated.new_file import NewRevision, settings, write
from migrated.pulled import Pulled
from migrated.v1 import revision_service_pb2 as pb
from migrated.v1.graph_pb2 import GraphRef
from migrated.v1.revision_pb2 import Revision, RevisionFile


class AsyncRevisions(AsyncCore):
    """The revision graph of a project."""

    async def history(
        self,
        range: str = "",
        *,
        mark_current: bool = False,
        project: str | None = None,
        target: Target = None,
    ) -> list[Revision]:
        """Tell the history, newest first.

        Args:
            range: `start:end`, either side may be missing; empty for all. Inclusive.
            mark_current: Whether to mark what stands in the target's version table.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.ListRevisionsRequest(
            project=self._project(project), range=range, mark_current=mark_current
        )
        if mark_current or "current" in range:
            request.target.CopyFrom(self._target(target))

        async def call(graph: GraphRef) -> list[Revision]:
            request.graph.CopyFrom(graph)
            request.page_token = ""
            found: list[Revision] = []
            while True:
                answer = await self.api.revisions.list_revisions(request)
                found += answer.revisions
                if not answer.next_page_token:
                    return found
                request.page_token = answer.next_page_token

        return await self._ask(call, project)

    async def heads(
        self, *, resolve_dependencies: bool = False, project: str | None = None
    ) -> list[Revision]:
        """Tell the heads; those that another revision depends on may be left out.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """

        async def call(graph: GraphRef) -> pb.ListHeadsResponse:
            request = pb.ListHeadsRequest(
                project=self._project(project), graph=graph, resolve_dependencies=resolve_dependencies
            )
            return await self.api.revisions.list_heads(request)

        return list((await self._ask(call, project)).heads)

    async def branches(self, *, project: str | None = None) -> list[pb.ListBranchesResponse.Branch]:
        """Tell the branch points with their children, newest first.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """

        async def call(graph: GraphRef) -> pb.ListBranchesResponse:
            request = pb.ListBranchesRequest(project=self._project(project), graph=graph)
            return await self.api.revisions.list_branches(request)

        return list((await self._ask(call, project)).branches)

    async def show(
        self, revision: str, *, with_content: bool = False, project: str | None = None, target: Target = None
    ) -> list[tuple[Revision, RevisionFile | None]]:
        """Tell the revisions that an identifier means, with their files if asked for.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.GetRevisionRequest(
            project=self._project(project), revision=revision, with_content=with_content
        )
        if "current" in revision:
            request.target.CopyFrom(self._target(target))

        async def call(graph: GraphRef) -> pb.GetRevisionResponse:
            request.graph.CopyFrom(graph)
            return await self.api.revisions.get_revision(request)

        answer = await self._ask(call, project)
        files = list(answer.files) if with_content else [None] * len(answer.revisions)
        return list(zip(answer.revisions, files, strict=True))

    async def resolve(self, *identifiers: str, project: str | None = None) -> dict[str, list[str]]:
        """Tell the ids that identifiers mean; none for `base`.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """

        async def call(graph: GraphRef) -> pb.ResolveRevisionsResponse:
            request = pb.ResolveRevisionsRequest(
                project=self._project(project), graph=graph, identifiers=identifiers
            )
            return await self.api.revisions.resolve_revisions(request)

        answer = await self._ask(call, project)
        return {item.identifier: list(item.revisions) for item in answer.resolved}

    async def revision(
        self,
        message: str = "",
        *,
        heads: Sequence[str] = (),
        splice: bool = False,
        branch_labels: Sequence[str] = (),
        depends_on: Sequence[str] = (),
        revision_id: str = "",
        version_path: str = "",
        up_sql: str = "",
        down_sql: str = "",
        project: str | None = None,
    ) -> NewRevision:
        """Make a new revision, and write its file into the folder.

        Args:
            message: The message.
            heads: Identifiers of the parents; the head where none is given, `base` for a new root.
            splice: Allows a parent that is not a head.
            branch_labels: Labels that the revision declares.
            depends_on: Revisions or labels that must be applied before, without being parents.
            revision_id: Its id; a random one where it is not given.
            version_path: Version location to put it into; that of its parent where it is not given.
            up_sql: Upgrade SQL.
            down_sql: Downgrade SQL.
            project: Another project than the configured one.

        Raises:
            LocalFile: There is no folder, or the file cannot be written.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        await self._need_folder()
        request = pb.CreateRevisionRequest(
            project=self._project(project),
            message=message,
            heads=heads,
            splice=splice,
            branch_labels=branch_labels,
            revision_id=revision_id,
            depends_on=depends_on,
            version_path=version_path,
            settings=settings(self.config),
            version_locations=self._folder.locations().names,
            up_sql=up_sql,
            down_sql=down_sql,
        )

        async def call(graph: GraphRef) -> pb.CreateRevisionResponse:
            request.graph.CopyFrom(graph)
            return await self.api.revisions.create_revision(request)

        answer = await self._ask(call, project)
        return await self._write(answer.revision, answer.file)

    async def merge(
        self,
        *revisions: str,
        message: str = "",
        branch_labels: Sequence[str] = (),
        revision_id: str = "",
        splice: bool = False,
        project: str | None = None,
    ) -> NewRevision:
        """Make a revision that merges heads (all of them where none is named), and write its file.

        Raises:
            LocalFile: There is no folder, or the file cannot be written.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        await self._need_folder()
        request = pb.MergeRevisionsRequest(
            project=self._project(project),
            revisions=revisions or ("heads",),
            message=message,
            branch_labels=branch_labels,
            revision_id=revision_id,
            splice=splice,
            settings=settings(self.config),
            version_locations=self._folder.locations().names,
        )

        async def call(graph: GraphRef) -> pb.MergeRevisionsResponse:
            request.graph.CopyFrom(graph)
            return await self.api.revisions.merge_revisions(request)

        answer = await self._ask(call, project)
        return await self._write(answer.revision, answer.file)

    async def push(
        self,
        folder: str | Path | None = None,
        *,
        prune: bool = False,
        expected_version: int | None = None,
        project: str | None = None,
    ) -> pb.PushRevisionsResponse:
        """Publish a folder's revisions.

        Args:
            folder: The folder, instead of the configured version locations.
            prune: Takes away published revisions that the folder lacks; refused for what a target has applied.
            expected_version: Fails unless this version is published now.
            project: Another project than the configured one.

        Raises:
            LocalFile: There is no folder, or it cannot be read.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        folders = None if folder is None else [self.config.cwd / folder]
        if folders is None:
            await self._need_folder()
        request = pb.PushRevisionsRequest(
            project=self._project(project), prune=prune, expected_version=expected_version
        )

        async def call(graph: GraphRef) -> pb.PushRevisionsResponse:
            request.graph.CopyFrom(graph)
            return await self.api.revisions.push_revisions(request)

        return await self._ask(call, project, folders)

    async def pull(self, *, overwrite: bool = False, project: str | None = None) -> list[Path]:
        """Fetch the published revisions into the folder. Files that only the folder has stay.

        Args:
            overwrite: Replaces local files that differ from the published ones.
            project: Another project than the configured one.

        Returns:
            The files that were written; those that are the same already are not.

        Raises:
            LocalFile: A local file differs and is not to be replaced, or one cannot be written.
            BodyMismatch: A file did not arrive whole.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        pulled = await blocking(partial(Pulled, self._folder.locations(), overwrite=overwrite))
        request = pb.PullRevisionsRequest(project=self._project(project), have=pulled.have)
        try:
            async for part in self.api.revisions.pull_revisions(request):
                await blocking(partial(pulled.take, part))
            return await blocking(pulled.finish)
        finally:
            pulled.close()

    async def _need_folder(self) -> None:
        """See that there is a folder, even where a published graph would do."""
        if await self._folder.manifest() is None:
            raise self._folder.missing()

    async def _write(self, revision: Revision, file: RevisionFile) -> NewRevision:
        return await blocking(partial(write, self.config, self._folder.locations(), revision, file))
