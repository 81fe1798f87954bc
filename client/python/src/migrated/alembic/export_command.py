"""`migrated-alembic export`: revisions of migrated as scripts of Alembic."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from migrated._sync.client import Client
from migrated.config import Config
from migrated.config.target import dialect_of, target_ref
from migrated.errors import ConfigInvalid

from .exporting import Exported, export
from .heads import heads_of
from .locations import Locations
from .project_error import ProjectError

if TYPE_CHECKING:
    from .project import Project


def run(load: Callable[[], Project], options: argparse.Namespace) -> int:
    """Write the scripts that the folder does not have."""
    folder: Path = options.dir or _folder(load)
    there = {head.revision for head in heads_of(Locations("", (os.path.realpath(folder),)))}
    with Client(Config.load()) as client:
        dialects = options.dialect or [_dialect(client.config)]
        scripts = export(client, dialects)
    missing = [script for script in scripts if script.revision not in there]
    _write(folder, missing)
    kept = len(scripts) - len(missing)
    beside = f"; {kept} are there already" if kept else ""
    print(f"{len(missing)} scripts are written to {folder}{beside}")  # noqa: T201 - a command speaks
    return 0


def _write(folder: Path, scripts: list[Exported]) -> None:
    if taken := [folder / script.name for script in scripts if (folder / script.name).exists()]:
        raise ProjectError(f"{taken[0]} is another revision", "name another folder with --dir")
    folder.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        (folder / script.name).write_text(script.text, encoding="utf-8")


def _folder(load: Callable[[], Project]) -> Path:
    """Find the folder of the project's own scripts."""
    try:
        folder = Path(load().scripts.versions)
    except ProjectError as error:
        raise ProjectError(
            f"there is no project of Alembic here: {error}", "name the folder for the scripts with --dir"
        ) from error
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def _dialect(config: Config) -> str:
    """Tell the dialect of the configured database."""
    try:
        found = dialect_of(target_ref(config).ad_hoc.url)
    except ConfigInvalid:
        found = None
    if found is None:
        raise ProjectError("nothing tells which dialect is wanted", "name it with --dialect")
    return found
