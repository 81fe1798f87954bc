"""Puts a new revision's file into the folder and runs the project's commands over it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrated.config.loaded import Config
from migrated.errors import ConfigInvalid, LocalFile
from migrated.manifest import Locations
from migrated.v1.revision_pb2 import Revision, RevisionFile, RevisionFileSettings, RevisionFormat

TOKENS = ("REVISION_FILENAME", "REVISION_SCRIPT_FILENAME")
"""What commands name the new file by; the second is Alembic's."""


@dataclass(frozen=True)
class NewRevision:
    """A revision that was just made, and its file."""

    revision: Revision
    path: Path

    @property
    def id(self) -> str:
        """Its id."""
        return self.revision.id


def settings(config: Config) -> RevisionFileSettings:
    """Tell how files are named and written.

    Raises:
        ConfigInvalid: `revision.format` is unknown.

    """
    form = config.text("revision.format")
    if form not in {None, "sql", "yaml"}:
        raise ConfigInvalid(f"`revision.format`: `{form}` is unknown", next_command="choose sql or yaml")
    return RevisionFileSettings(
        file_template=config.text("revision.file_template") or "",
        truncate_slug_length=config.count("revision.truncate_slug_length"),
        timezone=config.text("revision.timezone") or "",
        format=RevisionFormat.Value(f"REVISION_FORMAT_{(form or 'unspecified').upper()}"),
    )


def write(config: Config, locations: Locations, revision: Revision, file: RevisionFile) -> NewRevision:
    """Write the file, which must not be there yet, and run the commands of `revision.post_write`.

    Raises:
        LocalFile: The path leaves the folder, the file is there already, or a command fails.

    """
    path = locations.file_of(file.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as new:
            new.write(file.content)
    except OSError as error:
        raise LocalFile.of(path, "create", error) from error
    for hook in config.tables("revision.post_write"):
        _run(hook, path, config.project_dir)
    return NewRevision(revision, path)


def _run(hook: dict[str, Any], path: Path, project_dir: Path) -> None:
    command = [str(word) for word in hook.get("command", [])]
    if not command:
        return
    words = command if any(token in word for word in command for token in TOKENS) else [*command, TOKENS[0]]
    for token in TOKENS:
        words = [word.replace(token, str(path)) for word in words]
    try:
        status = subprocess.run(
            words, cwd=project_dir / hook.get("cwd", "."), check=False, stdout=2
        ).returncode
        failed = f"exit status {status}" if status else ""
    except OSError as error:
        failed = error.strerror or str(error)
    if failed:
        raise LocalFile(
            f"the command `{' '.join(command)}` of `revision.post_write` failed: {failed}",
            state=f"{path} is written",
            next_command="correct the command, then run it over the file by hand",
        )
