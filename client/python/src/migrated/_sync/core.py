"""What all parts of the client stand on: configuration, connection, folder.

Generated from the asyncio form.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from typing_extensions import Self, Unpack

from migrated._sync.graph import Folder, reference, upload
from migrated._sync.run import Run
from migrated._sync.services import Api
from migrated._sync.wire import Method, Wire
from migrated.config.actor import actor
from migrated.config.keys import Settings
from migrated.config.loaded import Config
from migrated.config.target import Target, target_ref
from migrated.errors import ManifestUnknown
from migrated.manifest import Manifest
from migrated.v1.graph_pb2 import GraphRef
from migrated.v1.migration_service_pb2 import RunOptions, SessionMode
from migrated.v1.target_pb2 import TargetRef

T = TypeVar("T")


class Core:
    """A client of one daemon and one project.

    Attributes:
        config: The configuration.
        api: Every RPC, with typed requests and answers.

    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        published: bool = False,
        manifest: Manifest | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        """Make a client. It connects with its first call, and is closed by `with` or `close()`.

        Args:
            config: The configuration; read as `migratectl` reads it where it is not given.
            published: Means the published graph, even where there is a folder of revisions.
            manifest: Means these files, which need not be in a folder.
            settings: Keys of the configuration, where `config` is not given: `server`, `project`, `database_url`.

        Raises:
            ConfigInvalid: The configuration cannot be used.

        """
        self.config = Config.load(**settings) if config is None else config
        self._wire = Wire(self.config)
        self._folder = Folder(self.config, published=published, given=manifest)
        self.api = Api(self._wire)

    def close(self) -> None:
        """Close the connection. Runs that are under way go on."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _project(self, project: str | None) -> str:
        return project or self.config.project

    def _target(self, target: Target) -> TargetRef:
        return target_ref(self.config, target)

    def _ask(
        self,
        call: Callable[[GraphRef], T],
        project: str | None,
        folders: list[Path] | None = None,
    ) -> T:
        """Call about a graph: the digest travels, and the folder only where the daemon does not know it."""
        manifest = self._folder.manifest(folders)
        try:
            return call(reference(manifest))
        except ManifestUnknown:
            if manifest is None:
                raise
        upload(self._wire, self._project(project), manifest)
        return call(reference(manifest))

    def _begin(self, method: Method[Any, Any], request: Any) -> Run:
        """Make a run of a request, which gets its graph when the run begins."""
        read: list[Manifest | None] = []

        def put_graph(known: bool) -> None:
            if not read:
                read.append(self._folder.manifest())
            manifest = read[0]
            if not known and manifest is not None:
                upload(self._wire, request.project, manifest)
            request.graph.CopyFrom(reference(manifest))

        return Run(self._wire, method, request, put_graph=put_graph, actor=actor(self.config))

    def _options(
        self,
        lock_wait: timedelta | None,
        deadline: timedelta | None,
        session: str | None,
        per_run_transaction: bool,
        request_id: str | None,
    ) -> RunOptions:
        """Write a run's options, with a new id: the same request may be sent again without harm."""
        return RunOptions(
            request_id=request_id or str(uuid.uuid4()),
            lock_wait=as_duration(lock_wait),
            deadline=as_duration(deadline),
            session=SessionMode.Value(f"SESSION_MODE_{(session or 'unspecified').upper()}"),
            per_run_transaction=per_run_transaction,
            actor=actor(self.config),
        )


def as_duration(span: timedelta | None) -> Duration | None:
    """Write a span of time as messages carry it; `None` stays."""
    if span is None:
        return None
    duration = Duration()
    duration.FromTimedelta(span)
    return duration
