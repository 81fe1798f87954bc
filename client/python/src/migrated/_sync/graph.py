"""The graph that requests mean: the folder, by the digest of its files, or what was published.

Generated from the asyncio form.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from migrated._sync.seam import blocking
from migrated._sync.services.revision import NEGOTIATE_MANIFEST, UPLOAD_BODIES
from migrated._sync.wire import Wire
from migrated.bodies import ROUNDS, batches, stubborn
from migrated.config.loaded import Config
from migrated.errors import LocalFile
from migrated.manifest import Hashes, Locations, Manifest
from migrated.v1.graph_pb2 import GraphRef, ManifestEntry
from migrated.v1.revision_service_pb2 import BodyPart, NegotiateManifestRequest, UploadBodiesRequest

PUBLISHED = GraphRef(published=GraphRef.Published())
"""The published graph of a project."""


class Folder:
    """The folder of a project, read anew for each call that means it."""

    def __init__(self, config: Config, *, published: bool = False, given: Manifest | None = None) -> None:
        self._config = config
        self._published = published
        self._given = given
        self._hashes = Hashes()

    def locations(self, folders: list[Path] | None = None) -> Locations:
        """Tell the version locations, or those of `folders`."""
        config = self._config
        recursive = config.switch("recursive")
        return Locations(config.project_dir, folders or config.version_locations, recursive=recursive)

    def manifest(self, folders: list[Path] | None = None) -> Manifest | None:
        """Read what the folder holds; `None` where the published graph is meant.

        Raises:
            LocalFile: There is no folder, or it cannot be read.

        """
        config = self._config
        if folders is None:
            if self._published or self._given is not None:
                return self._given
            paths = config.version_locations
            if not config.names_version_locations and not any(path.is_dir() for path in paths):
                # An embedded daemon serves this folder alone: nothing can be published there but what is here.
                if config.text("server") is None:
                    raise self.missing()
                return None
        return blocking(partial(self.locations(folders).read, self._hashes))

    def missing(self) -> LocalFile:
        """Make the error of a folder that is needed and not there."""
        shown = ", ".join(str(path) for path in self._config.version_locations)
        return LocalFile(
            f"there is no folder of revisions: {shown}",
            state="nothing was done",
            next_command="make it with `migratectl init`, or name it with `dirs`, or name a `server`",
        )


def reference(manifest: Manifest | None) -> GraphRef:
    """Tell a graph as requests carry it."""
    return PUBLISHED if manifest is None else GraphRef(manifest_digest=manifest.digest)


def upload(wire: Wire, project: str, manifest: Manifest) -> None:
    """Make a manifest known to the daemon: its entries, then the bodies that are missing, then its entries again.

    Raises:
        LocalFile: A file changed since it was hashed.
        MigratedError: The daemon refused.

    """
    entries = [ManifestEntry(path=entry.path, sha256=entry.sha256) for entry in manifest.entries]
    request = NegotiateManifestRequest(project=project, digest=manifest.digest, entries=entries)
    for _ in range(ROUNDS):
        missing = (wire.unary(NEGOTIATE_MANIFEST, request)).missing
        if not missing:
            return
        parts: Iterator[list[BodyPart]] = batches(manifest, list(missing))
        while batch := blocking(partial(next, parts, None)):
            wire.unary(UPLOAD_BODIES, UploadBodiesRequest(project=project, parts=batch))
    raise stubborn("still lacks files that were uploaded")
