"""Where a project's scripts are: as Alembic has found it, or read without Alembic where that is plain."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .project_error import ProjectError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_SCRIPT = re.compile(r"(?!\.\#|__init__)(.*\.py)$")
"""Names that Alembic takes for scripts."""

_NOT_PLAIN = ("version_locations", "recursive_version_locations", "sourceless")
"""Settings whose meaning differs between releases of Alembic."""


@dataclass(frozen=True)
class Locations:
    """The folder of `env.py`, and those of the scripts, as real paths."""

    base: str
    folders: tuple[str, ...]
    recursive: bool = False

    @classmethod
    def of(cls, directory: ScriptDirectory) -> Locations:
        """Take what Alembic has found.

        Raises:
            ProjectError: The project has compiled scripts only.

        """
        if directory.sourceless:
            raise ProjectError(
                "the project is `sourceless`: its scripts may be compiled ones, which nobody can read",
                "take `sourceless` out of its settings and give the sources",
            )
        # Paths in Alembic 1.16 and later, text before.
        folders = tuple(os.path.realpath(location) for location in directory._version_locations)
        recursive = bool(directory.recursive_version_locations)
        return cls(os.path.realpath(directory.dir), folders, recursive)

    @classmethod
    def plain(cls, ini: Path, section: str) -> Locations | None:
        """Read them where `alembic.ini` says nothing but a `script_location`; `None` where Alembic has to be asked."""
        settings = ConfigParser({"here": ini.absolute().parent.as_posix()})
        try:
            if _says_alembic(Path("pyproject.toml")):
                return None
            settings.read_string(ini.read_text(encoding="locale"))
            if any(settings.has_option(section, name) for name in _NOT_PLAIN):
                return None
            folder = settings.get(section, "script_location", fallback="")
        except (OSError, UnicodeDecodeError, ConfigParserError):
            return None
        # `package:folder` is looked up by Alembic.
        if not folder or ":" in folder or not Path(folder, "env.py").is_file():
            return None
        return cls(os.path.realpath(folder), (os.path.realpath(Path(folder, "versions")),))

    def scripts(self) -> Iterator[str]:
        """Give the scripts' paths, in the order in which Alembic loads them."""
        seen: set[str] = set()
        for folder in self.folders:
            for place, folders, names in os.walk(folder):
                if place.endswith("__pycache__"):
                    continue
                for name in sorted(names):
                    path = f"{place}{os.sep}{name}"
                    # Objects for paths cost more than all else that is done for each of thousands.
                    if os.path.islink(path):  # noqa: PTH114
                        path = os.path.realpath(path)
                    if path not in seen and _SCRIPT.match(path.rpartition(os.sep)[2]):
                        seen.add(path)
                        yield path
                if not self.recursive:
                    break
                folders.sort()


def _says_alembic(pyproject: Path) -> bool:
    return pyproject.is_file() and b"alembic" in pyproject.read_bytes()
