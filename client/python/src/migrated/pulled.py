"""Puts published files into the folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from migrated.errors import BodyMismatch, LocalFile
from migrated.manifest import Locations
from migrated.v1.revision_service_pb2 import PullRevisionsResponse


class Pulled:
    """A folder that files are put into. Each stands beside its place until it is whole and its hash is right."""

    def __init__(self, locations: Locations, *, overwrite: bool) -> None:
        """Look at what the folder has; folders that are missing are made.

        Raises:
            LocalFile: The folder cannot be made or read.

        """
        for folder, _ in locations.folders:
            _make(folder)
        entries = locations.read().entries
        self._locations = locations
        self._overwrite = overwrite
        self._by_path = {entry.path: entry.sha256 for entry in entries}
        self._by_hash = {entry.sha256: entry.file for entry in entries}
        self._open: _Incoming | None = None
        self.have = list(self._by_hash)
        self.written: list[Path] = []

    def take(self, part: PullRevisionsResponse) -> None:
        """Take the next part.

        Raises:
            LocalFile: A local file differs, lies elsewhere, or cannot be written.
            BodyMismatch: What came is not what its hash names.

        """
        if part.offset == 0:
            self._put()
            if self._by_path.get(part.path) == part.sha256:
                return
            self._open = self._begin(part)
            if part.size and not part.data:
                self._copy(self._open)
                return
        if self._open is not None:
            if (self._open.path, self._open.at) != (part.path, part.offset):
                raise _damaged(part.path, "its parts are out of order")
            self._open.add(part.data)

    def finish(self) -> list[Path]:
        """Put the last file into its place; give all that were written."""
        self._put()
        return self.written

    def close(self) -> None:
        """Leave nothing of a file that did not come whole."""
        if self._open is not None:
            self._open.drop()
            self._open = None

    def _begin(self, part: PullRevisionsResponse) -> _Incoming:
        place = self._locations.file_of(part.path)
        if place.exists() and not self._overwrite:
            raise LocalFile(
                f"{place} differs from the published file",
                state="the file is as it was; files before it are written",
                next_command="keep your file under another name, or pull with `overwrite`",
            )
        _make(place.parent)
        return _Incoming(part, place)

    def _copy(self, incoming: _Incoming) -> None:
        """Take the bytes from the file that the folder has under another name."""
        source = self._by_hash.get(incoming.sha256)
        if source is None:
            raise _damaged(incoming.path, "it has no bytes")
        try:
            data = source.read_bytes()
        except OSError as error:
            raise LocalFile.of(source, "read", error) from error
        incoming.add(data)

    def _put(self) -> None:
        if self._open is not None:
            self._open.put()
            self.written.append(self._open.place)
            self._open = None


class _Incoming:
    """A file that is on its way."""

    def __init__(self, part: PullRevisionsResponse, place: Path) -> None:
        self.path, self.sha256, self.place = part.path, part.sha256, place
        self.at = 0
        self._size = part.size
        self._hash = hashlib.sha256()
        self._beside = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            self._file: BinaryIO = self._beside.open("wb")
        except OSError as error:
            raise LocalFile.of(self._beside, "create", error) from error

    def add(self, data: bytes) -> None:
        """Take bytes that come next."""
        self._hash.update(data)
        self.at += len(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise LocalFile.of(self._beside, "write", error) from error

    def put(self) -> None:
        """Put the file into its place, if it is whole."""
        if self.at != self._size or self._hash.digest() != self.sha256:
            raise _damaged(self.path, "its bytes are not those that its hash names")
        try:
            self._file.close()
            self._beside.replace(self.place)
        except OSError as error:
            raise LocalFile.of(self.place, "write", error) from error

    def drop(self) -> None:
        """Take away what came."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._beside.unlink()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalFile.of(folder, "make", error) from error


def _damaged(path: str, why: str) -> BodyMismatch:
    return BodyMismatch(
        f"{path} did not arrive whole: {why}",
        state="the file is as it was",
        next_command="pull again",
    )
