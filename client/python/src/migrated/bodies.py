"""Bodies on their way to the daemon, in messages that it and proxies take."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from migrated.errors import Internal, LocalFile
from migrated.manifest import Entry, Manifest
from migrated.v1.revision_service_pb2 import BodyPart

BATCH = 3 * 1024 * 1024 - 64 * 1024
"""Bytes of bodies in one message: below the 4 MiB that are taken by default, with room for the rest."""

OVERHEAD = 512
"""What a part costs beside its bytes: hash, path, numbers."""

ROUNDS = 3
"""After so many rounds in which the daemon still lacks bodies something is wrong."""


def batches(manifest: Manifest, missing: list[bytes]) -> Iterator[list[BodyPart]]:
    """Read the bodies of those hashes; a body that is too large for a message comes in parts, in order.

    Raises:
        LocalFile: A file cannot be read, or changed since it was hashed.
        Internal: The daemon asks for a file that nobody named.

    """
    by_hash = {entry.sha256: entry for entry in manifest.entries}
    batch: list[BodyPart] = []
    room = BATCH
    for sha256 in missing:
        entry = by_hash.get(sha256)
        if entry is None:
            raise stubborn("asks for a file that nobody named")
        for part in _parts(entry):
            cost = len(part.data) + OVERHEAD
            if cost > room and batch:
                yield batch
                batch, room = [], BATCH
            batch.append(part)
            room -= cost
    if batch:
        yield batch


def stubborn(what: str) -> Internal:
    """Make the error of a daemon that does not do what it said."""
    return Internal(f"the daemon {what}")


def _parts(entry: Entry) -> Iterator[BodyPart]:
    sha256 = hashlib.sha256()
    offset = 0
    try:
        with entry.open() as file:
            while True:
                data = file.read(BATCH - OVERHEAD)
                if not data and (offset or entry.size):
                    break
                sha256.update(data)
                yield BodyPart(
                    sha256=entry.sha256, path=entry.path, size=entry.size, offset=offset, data=data
                )
                offset += len(data)
                if not data:
                    break
    except OSError as error:
        raise LocalFile.of(entry.file, "read", error) from error
    if sha256.digest() != entry.sha256:
        raise LocalFile(
            f"{entry.file} changed while it was uploaded",
            state="nothing was done",
            next_command="repeat the call",
        )
