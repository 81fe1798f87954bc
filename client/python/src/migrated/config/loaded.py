"""Configuration: `migratectl.toml`, found by walking up < `MIGRATECTL_*` < arguments; as `migratectl` reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from migrated.config import layers
from migrated.config.keys import KEYS, Settings
from migrated.config.layers import Value
from migrated.errors.client import ConfigInvalid, LocalFile

FILE_NAME = "migratectl.toml"
"""The configuration file's name."""


class Rank(IntEnum):
    """The layer that a value comes from, lowest first."""

    FILE = 1
    VARIABLE = 2
    ARGUMENT = 3


class Config:
    """The merged configuration, with the origin of each value. Nothing of it changes later.

    Attributes:
        project_dir: The project's folder: that of the file, else the working directory.
        file: The file that was read, if there is one.
        cwd: The working directory that relative arguments and variables belong to.
        environ: The environment that was read.

    """

    def __init__(
        self,
        merged: list[tuple[Rank, dict[str, Value]]],
        *,
        file: Path | None,
        cwd: Path,
        environ: Mapping[str, str],
    ) -> None:
        self.file = file
        self.cwd = cwd
        self.project_dir = file.parent if file else cwd
        self.environ = dict(environ)
        self._values: dict[str, Value] = {}
        self._ranks: dict[str, Rank] = {}
        for rank, layer in merged:
            self._values |= layer
            self._ranks |= dict.fromkeys(layer, rank)

    @classmethod
    def load(
        cls,
        *,
        cwd: str | Path | None = None,
        config_file: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        **settings: Unpack[Settings],
    ) -> Config:
        """Read and merge the configuration.

        Args:
            cwd: Where the search for `migratectl.toml` begins; the working directory where it is not given.
            config_file: The file itself; `MIGRATECTL_CONFIG` names it too.
            environ: The environment; that of the process where it is not given.
            settings: Values that win over all others.

        Raises:
            ConfigInvalid: A key is unknown, a value does not fit, or the file is not TOML.
            LocalFile: The file cannot be read.

        """
        environ = os.environ if environ is None else environ
        folder = Path.cwd() if cwd is None else Path.cwd() / cwd
        named = config_file or environ.get(f"{layers.PREFIX}CONFIG") or None
        file = folder / named if named else _find_file(folder)
        merged: list[tuple[Rank, dict[str, Value]]] = []
        if file is not None:
            merged.append((Rank.FILE, layers.of_file(file, _read(file))))
        merged.append((Rank.VARIABLE, layers.of_variables(environ, folder)))
        merged.append((Rank.ARGUMENT, layers.of_arguments(settings, folder)))
        return cls(merged, file=file, cwd=folder, environ=environ)

    def text(self, key: str) -> str | None:
        """Tell a key's text; `None` where it is not set."""
        value = self._values.get(key)
        return value if isinstance(value, str) else None

    def path(self, key: str) -> Path | None:
        """Tell a key's path, absolute; `None` where it is not set."""
        value = self._values.get(key)
        return value if isinstance(value, Path) else None

    def count(self, key: str) -> int:
        """Tell a key's number; 0 where it is not set."""
        value = self._values.get(key)
        return value if isinstance(value, int) else 0

    def switch(self, key: str) -> bool:
        """Tell whether a key is on."""
        return self._values.get(key) is True

    def tables(self, key: str) -> list[dict[str, Any]]:
        """Tell a key's tables."""
        value = self._values.get(key)
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    def rank(self, key: str) -> Rank | None:
        """Tell the layer that a key's value comes from; `None` where it is not set."""
        return self._ranks.get(key)

    def origin(self, key: str) -> str:
        """Tell in words where a key's value comes from."""
        rank = self.rank(key)
        if rank is Rank.FILE:
            return str(self.file)
        if rank is Rank.VARIABLE:
            return layers.PREFIX + key.upper().replace(".", "__")
        return "the arguments" if rank is Rank.ARGUMENT else "default"

    def variable(self, name: str) -> str | None:
        """Tell a variable of the environment, if it is set and not empty."""
        return self.environ.get(name) or None

    @property
    def project(self) -> str:
        """The project's name: as configured, else the name of its folder."""
        return self.text("project") or self.project_dir.name or "default"

    @property
    def version_locations(self) -> list[Path]:
        """The version locations, absolute: `dirs`, else `migrations` in the project's folder."""
        value = self._values.get("dirs")
        named = [item for item in value if isinstance(item, Path)] if isinstance(value, list) else []
        return named or [self.project_dir / "migrations"]

    @property
    def names_version_locations(self) -> bool:
        """Whether somebody named the version locations."""
        return bool(self._values.get("dirs"))

    def secret(self, key: str) -> str | None:
        """Tell a secret that has a `_file` form: that of the higher layer. The file is read anew each time.

        Raises:
            ConfigInvalid: One layer gives both forms.
            LocalFile: The file cannot be read.

        """
        value, path = self.text(key), self.path(f"{key}_file")
        mine, of_file = self.rank(key) or 0, self.rank(f"{key}_file") or 0
        if value is not None and path is not None and mine == of_file:
            raise ConfigInvalid(f"`{key}` and `{key}_file` are both set in {self.origin(key)}")
        if path is None or (value is not None and mine > of_file):
            return value
        return _read(path).rstrip("\r\n")

    def __repr__(self) -> str:
        shown = {k: "***" if KEYS[k].secret else v for k, v in self._values.items()}
        return f"Config(project_dir={str(self.project_dir)!r}, {shown})"


def _find_file(start: Path) -> Path | None:
    candidates = (folder / FILE_NAME for folder in (start, *start.parents))
    return next((path for path in candidates if path.is_file()), None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalFile.of(path, "read", error) from error
