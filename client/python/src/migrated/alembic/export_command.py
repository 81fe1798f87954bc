"""`migrated-alembic export`: revisions of migrated as scripts of Alembic."""

from __future__ import annotations

import argparse
from pathlib import Path

from migrated._sync.client import Client
from migrated.config import Config

from .exporting import export
from .project import ProjectError


def run(_project: None, options: argparse.Namespace) -> int:
    """Write the scripts."""
    folder: Path = options.dir
    if folder.exists() and any(path.suffix == ".py" for path in folder.iterdir()):
        raise ProjectError(f"{folder} holds scripts already", "name another folder with --dir")
    with Client(Config.load()) as client:
        scripts = export(client, options.dialect)
    folder.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        (folder / script.name).write_text(script.text, encoding="utf-8")
    print(f"{len(scripts)} scripts are written to {folder}")  # noqa: T201 - a command speaks
    return 0
