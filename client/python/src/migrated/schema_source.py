"""Where a schema comes from, as calls name it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from migrated.config.loaded import Config
from migrated.config.target import target_ref
from migrated.errors import LocalFile
from migrated.v1.schema_pb2 import ReplayedRevisions, SchemaFile, SchemaFiles, SchemaFormat, SchemaSource

Schema: TypeAlias = "str | os.PathLike[str] | SchemaSource"
"""A schema: a `.sql`, `.yaml` or `.json` file, a folder of such files, a database URL, `revisions` for what the
revisions make, the name of a target, or the message itself."""

_FORMS = {
    ".sql": SchemaFormat.SCHEMA_FORMAT_SQL,
    ".yaml": SchemaFormat.SCHEMA_FORMAT_YAML,
    ".yml": SchemaFormat.SCHEMA_FORMAT_YAML,
    ".json": SchemaFormat.SCHEMA_FORMAT_JSON,
}


def read_source(config: Config, schema: Schema) -> SchemaSource:
    """Read a schema as requests carry it; what replays revisions has no graph yet.

    Raises:
        LocalFile: A file cannot be read, or a folder holds none or files of several forms.

    """
    if isinstance(schema, SchemaSource):
        return schema
    name = os.fspath(schema)
    path = config.cwd / name
    if name == "revisions":
        return SchemaSource(revisions=ReplayedRevisions(project=config.project))
    if isinstance(schema, os.PathLike) or path.suffix.lower() in _FORMS or path.is_dir():
        return SchemaSource(files=_files(path, name))
    return SchemaSource(target=target_ref(config, name))


def _files(path: Path, name: str) -> SchemaFiles:
    nothing = "nothing was done"
    try:
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in _FORMS) if path.is_dir() else [path]
        forms = {_FORMS[file.suffix.lower()] for file in found if file.suffix.lower() in _FORMS}
        if not forms:
            raise LocalFile(
                f"{name} holds no .sql, .yaml or .json file",
                state=nothing,
                next_command="name the file or folder that holds the schema",
            )
        if len(forms) > 1:
            raise LocalFile(
                f"{name} holds files of several forms",
                state=nothing,
                next_command="name one file, or a folder with files of one form",
            )
        shown = [f"{name.rstrip('/')}/{file.name}" if path.is_dir() else name for file in found]
        files = [SchemaFile(path=at, text=_text(file)) for at, file in zip(shown, found, strict=True)]
    except OSError as error:
        raise LocalFile.of(path, "read", error) from error
    return SchemaFiles(format=forms.pop(), files=files)


def _text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise LocalFile(
            f"{file} is not UTF-8: line {line} holds bytes that are no character",
            state="nothing was done",
            next_command="save the file as UTF-8, then repeat",
        ) from error
