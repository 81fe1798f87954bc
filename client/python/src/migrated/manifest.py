"""The manifest: which revision files a folder has, in load order, with their hashes."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from migrated.errors.client import LocalFile

LANGUAGES = ("py", "go", "rb", "js", "ts", "java")
"""Endings of sources that a client may execute; behind `.rev.`, because sources stand beside what they use."""

ENDINGS = (".sql", ".yaml", ".yml", *(f".rev.{language}" for language in LANGUAGES))
"""How the names of revision files end."""

RACY_NANOS = 2_000_000_000
"""A file that was changed so shortly before it was hashed could change again without its times moving."""


@dataclass(frozen=True)
class Entry:
    """A file of a manifest: its name there, where it is, its size in bytes, and the SHA-256 of its bytes.

    `data` has the bytes of a file that is written nowhere.
    """

    path: str
    file: Path
    size: int
    sha256: bytes
    data: bytes | None = None

    def open(self) -> BinaryIO:
        """Open it for reading."""
        return self.file.open("rb") if self.data is None else io.BytesIO(self.data)


@dataclass(frozen=True)
class Manifest:
    """What a folder holds, in load order, with the digest that requests name it by."""

    digest: bytes
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Manifest:
        """Make the manifest of these files, in this order."""
        kept = tuple(entries)
        digest = hashlib.sha256()
        for entry in kept:
            digest.update(entry.path.encode() + b"\0" + entry.sha256)
        return cls(digest.digest(), kept)


@dataclass
class Hashes:
    """The hashes of earlier readings: an unchanged file costs a `stat` and no read."""

    known: dict[Path, tuple[tuple[int, ...], int, bytes]] = field(default_factory=dict)

    def of(self, file: Path, looked: os.stat_result) -> bytes:
        """Tell the SHA-256 of a file that looks like this."""
        stamp = (looked.st_size, looked.st_mtime_ns, looked.st_ctime_ns, looked.st_ino)
        found = self.known.get(file)
        if found is not None and found[0] == stamp and max(stamp[1:3]) < found[1] - RACY_NANOS:
            return found[2]
        began = time.time_ns()
        with file.open("rb") as opened:
            sha256 = hashlib.sha256()
            while part := opened.read(1 << 20):
                sha256.update(part)
        self.known[file] = (stamp, began, sha256.digest())
        return sha256.digest()


class Locations:
    """A project's version locations, and the names that they have in a manifest."""

    def __init__(self, project_dir: Path, folders: list[Path], *, recursive: bool) -> None:
        self.folders = [(folder, relative_name(project_dir, folder)) for folder in folders]
        self.recursive = recursive

    @property
    def names(self) -> list[str]:
        """The names in order, as requests carry them."""
        return [name for _, name in self.folders]

    def file_of(self, path: str) -> Path:
        """Tell the local file of a path that the daemon names.

        Raises:
            LocalFile: It lies in no version location, or tries to leave it.

        """
        for folder, name in self.folders:
            rest = path if name == "." else path.removeprefix(f"{name}/")
            if name != "." and rest == path:
                continue
            parts = rest.split("/")
            if not any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
                return folder.joinpath(*parts)
        raise LocalFile(f"the daemon named a file outside of the version locations: {path}")

    def read(self, hashes: Hashes | None = None) -> Manifest:
        """Read the folders: `.sql`, `.yaml` and `.yml`; hidden files and editors' leftovers are left out.

        Raises:
            LocalFile: A folder or file cannot be read, or a name is not UTF-8.

        """
        hashes = Hashes() if hashes is None else hashes
        entries: list[Entry] = []
        for folder, name in self.folders:
            prefix = "" if name == "." else f"{name}/"
            found = sorted(self._walk(folder, prefix), key=lambda at: at[0].encode())
            for path, file, looked in found:
                try:
                    entries.append(Entry(path, file, looked.st_size, hashes.of(file, looked)))
                except OSError as error:
                    raise LocalFile.of(file, "read", error) from error
        return Manifest.of(entries)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, Path, os.stat_result]]:
        try:
            with os.scandir(folder) as opened:
                names = list(opened)
        except FileNotFoundError:
            raise LocalFile(
                f"there is no folder {folder}",
                next_command="make it with `migratectl init`, or name another one with `dirs`",
            ) from None
        except OSError as error:
            raise LocalFile.of(folder, "read", error) from error
        for item in names:
            if item.name.startswith((".", "#")) or item.name.endswith("~"):
                continue
            is_file = item.name.endswith(ENDINGS) and item.name not in ENDINGS
            # A link to a folder is not followed: it could lead in a circle.
            is_folder = self.recursive and item.is_dir(follow_symlinks=False)
            if not is_file and not is_folder:
                continue
            file = folder / item.name
            try:
                item.name.encode()
                looked = item.stat()
            except UnicodeEncodeError:
                shown = os.fsencode(file).decode(errors="replace")
                raise LocalFile(f"the name of {shown} is not UTF-8", next_command="rename the file") from None
            except FileNotFoundError:
                # Gone since the folder was read, or a link to nowhere.
                continue
            except OSError as error:
                raise LocalFile.of(file, "read", error) from error
            if is_folder:
                yield from self._walk(file, f"{prefix}{item.name}/")
            elif stat.S_ISREG(looked.st_mode):
                yield f"{prefix}{item.name}", file, looked


def relative_name(base: Path, path: Path) -> str:
    """Write `path` as seen from `base`, with `/`: `migrations`, `../shared`, or `.` where they are one."""
    seen, wanted = (os.path.normpath(p) for p in (base, path))
    return str(PurePosixPath(os.path.relpath(wanted, seen)))
