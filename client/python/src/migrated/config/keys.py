"""Every key of the configuration, once: those of `migratectl.toml`, which this package shares with `migratectl`."""

from __future__ import annotations

import difflib
from enum import Enum
from pathlib import Path
from typing import NamedTuple, TypedDict


class Kind(Enum):
    """What a key holds."""

    TEXT = "text"
    SWITCH = "true or false"
    COUNT = "a whole number"
    PATH = "a path"
    PATHS = "a list of paths"
    TEXTS = "a list of texts"
    TABLES = "a list of tables"


class Key(NamedTuple):
    """A key, with a dot for each section of its name."""

    name: str
    kind: Kind
    secret: bool = False


KEYS = {
    key.name: key
    for key in (
        Key("server", Kind.TEXT),
        Key("token", Kind.TEXT, secret=True),
        Key("token_file", Kind.PATH),
        Key("tls.ca_file", Kind.PATH),
        Key("tls.cert_file", Kind.PATH),
        Key("tls.key_file", Kind.PATH),
        Key("tls.server_name", Kind.TEXT),
        Key("project", Kind.TEXT),
        Key("target", Kind.TEXT),
        Key("database_url", Kind.TEXT, secret=True),
        Key("database_url_file", Kind.PATH),
        Key("database_schema", Kind.TEXT),
        Key("version_table", Kind.TEXT),
        Key("version_table_schema", Kind.TEXT),
        Key("dirs", Kind.PATHS),
        Key("recursive", Kind.SWITCH),
        Key("revision.file_template", Kind.TEXT),
        Key("revision.timezone", Kind.TEXT),
        Key("revision.truncate_slug_length", Kind.COUNT),
        Key("revision.format", Kind.TEXT),
        Key("revision.post_write", Kind.TABLES),
        Key("rules", Kind.PATH),
        Key("lint.ignore", Kind.TEXTS),
        Key("output", Kind.TEXT),
        Key("color", Kind.TEXT),
        Key("on_interrupt", Kind.TEXT),
        Key("actor", Kind.TEXT),
        Key("embedded.idle", Kind.TEXT),
        Key("embedded.binary", Kind.PATH),
    )
}
"""All keys by name."""


class Settings(TypedDict, total=False):
    """The keys as arguments: they win over variables and the file. A section's dot is an underscore here."""

    server: str
    token: str
    token_file: str | Path
    tls_ca_file: str | Path
    tls_cert_file: str | Path
    tls_key_file: str | Path
    tls_server_name: str
    project: str
    target: str
    database_url: str
    database_url_file: str | Path
    database_schema: str
    version_table: str
    version_table_schema: str
    dirs: list[str | Path]
    recursive: bool
    revision_file_template: str
    revision_timezone: str
    revision_truncate_slug_length: int
    revision_format: str
    rules: str | Path
    lint_ignore: list[str]
    actor: str
    embedded_idle: str
    embedded_binary: str | Path


ARGUMENTS = {name.replace(".", "_"): name for name in KEYS}
"""The keys by their names as arguments."""


def nearest(name: str) -> str | None:
    """Tell the known key that resembles `name` most, if any resembles it at all."""
    found = difflib.get_close_matches(name, KEYS, n=1, cutoff=0.6)
    return found[0] if found else None
