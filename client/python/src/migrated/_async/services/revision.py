"""The revision graph of a project: what is in it, what it means, and how it changes. Generated."""

from __future__ import annotations

from collections.abc import AsyncIterator

from migrated._async.wire import Method, Wire
from migrated.v1 import revision_service_pb2

CREATE_REVISION = Method(
    "/migrated.v1.RevisionService/CreateRevision",
    revision_service_pb2.CreateRevisionRequest,
    revision_service_pb2.CreateRevisionResponse,
)

MERGE_REVISIONS = Method(
    "/migrated.v1.RevisionService/MergeRevisions",
    revision_service_pb2.MergeRevisionsRequest,
    revision_service_pb2.MergeRevisionsResponse,
)

NEGOTIATE_MANIFEST = Method(
    "/migrated.v1.RevisionService/NegotiateManifest",
    revision_service_pb2.NegotiateManifestRequest,
    revision_service_pb2.NegotiateManifestResponse,
)

UPLOAD_BODIES = Method(
    "/migrated.v1.RevisionService/UploadBodies",
    revision_service_pb2.UploadBodiesRequest,
    revision_service_pb2.UploadBodiesResponse,
)

PUSH_REVISIONS = Method(
    "/migrated.v1.RevisionService/PushRevisions",
    revision_service_pb2.PushRevisionsRequest,
    revision_service_pb2.PushRevisionsResponse,
)

PULL_REVISIONS = Method(
    "/migrated.v1.RevisionService/PullRevisions",
    revision_service_pb2.PullRevisionsRequest,
    revision_service_pb2.PullRevisionsResponse,
)

GET_REVISION = Method(
    "/migrated.v1.RevisionService/GetRevision",
    revision_service_pb2.GetRevisionRequest,
    revision_service_pb2.GetRevisionResponse,
)

LIST_REVISIONS = Method(
    "/migrated.v1.RevisionService/ListRevisions",
    revision_service_pb2.ListRevisionsRequest,
    revision_service_pb2.ListRevisionsResponse,
)

LIST_HEADS = Method(
    "/migrated.v1.RevisionService/ListHeads",
    revision_service_pb2.ListHeadsRequest,
    revision_service_pb2.ListHeadsResponse,
)

LIST_BRANCHES = Method(
    "/migrated.v1.RevisionService/ListBranches",
    revision_service_pb2.ListBranchesRequest,
    revision_service_pb2.ListBranchesResponse,
)

RESOLVE_REVISIONS = Method(
    "/migrated.v1.RevisionService/ResolveRevisions",
    revision_service_pb2.ResolveRevisionsRequest,
    revision_service_pb2.ResolveRevisionsResponse,
)


class AsyncRevisionService:
    """The revision graph of a project: what is in it, what it means, and how it changes."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create_revision(
        self, request: revision_service_pb2.CreateRevisionRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.CreateRevisionResponse:
        """Makes a new revision: resolves its parents and writes its file.

        Nothing is stored; the client writes the file.
        """
        return await self._wire.unary(CREATE_REVISION, request, timeout)

    async def merge_revisions(
        self, request: revision_service_pb2.MergeRevisionsRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.MergeRevisionsResponse:
        """Makes a revision that merges heads. Nothing is stored; the client writes the file."""
        return await self._wire.unary(MERGE_REVISIONS, request, timeout)

    async def negotiate_manifest(
        self, request: revision_service_pb2.NegotiateManifestRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.NegotiateManifestResponse:
        """Tells the daemon which files a folder has, and asks which bodies it lacks."""
        return await self._wire.unary(NEGOTIATE_MANIFEST, request, timeout)

    async def upload_bodies(
        self, request: revision_service_pb2.UploadBodiesRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.UploadBodiesResponse:
        """Uploads bodies that the daemon lacks."""
        return await self._wire.unary(UPLOAD_BODIES, request, timeout)

    async def push_revisions(
        self, request: revision_service_pb2.PushRevisionsRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.PushRevisionsResponse:
        """Publishes a graph: compare and set on the published version."""
        return await self._wire.unary(PUSH_REVISIONS, request, timeout)

    def pull_revisions(
        self, request: revision_service_pb2.PullRevisionsRequest, *, timeout: float | None = None
    ) -> AsyncIterator[revision_service_pb2.PullRevisionsResponse]:
        """Fetches the files of the published graph."""
        return self._wire.stream(PULL_REVISIONS, request, timeout)

    async def get_revision(
        self, request: revision_service_pb2.GetRevisionRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.GetRevisionResponse:
        """One or several revisions by identifier, with their files if asked for."""
        return await self._wire.unary(GET_REVISION, request, timeout)

    async def list_revisions(
        self, request: revision_service_pb2.ListRevisionsRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.ListRevisionsResponse:
        """The history, newest first."""
        return await self._wire.unary(LIST_REVISIONS, request, timeout)

    async def list_heads(
        self, request: revision_service_pb2.ListHeadsRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.ListHeadsResponse:
        """The heads."""
        return await self._wire.unary(LIST_HEADS, request, timeout)

    async def list_branches(
        self, request: revision_service_pb2.ListBranchesRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.ListBranchesResponse:
        """The branch points with their children."""
        return await self._wire.unary(LIST_BRANCHES, request, timeout)

    async def resolve_revisions(
        self, request: revision_service_pb2.ResolveRevisionsRequest, *, timeout: float | None = None
    ) -> revision_service_pb2.ResolveRevisionsResponse:
        """What identifiers mean."""
        return await self._wire.unary(RESOLVE_REVISIONS, request, timeout)
