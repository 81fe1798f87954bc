"""The exceptions: one for each code of `docs/errors/README.md`, below the class of its part."""

from __future__ import annotations

import re
from pathlib import Path

ROW = re.compile(r"\| \[(MG\d{4})\]\(MG\d{4}\.md\) \| ([A-Z0-9_]+) \| (.+) \|")
"""A row of the tables: code, reason, what."""

PARTS = (
    ("MG10", "graph", "GraphError"),
    ("MG11", "file", "RevisionFileError"),
    ("MG2", "schema", "SchemaError"),
    ("MG3", "store", "StoreError"),
    ("MG4", "target", "TargetError"),
    ("MG5", "engine", "EngineError"),
    ("MG6", "access", "AccessError"),
    ("MG7", "client", "ClientError"),
)
"""Beginnings of codes, the module that has their exceptions, and the class above them."""

NEXT = {
    "UNAUTHENTICATED": "set a token: `token` or `token_file`, MIGRATECTL_TOKEN, or `token_file` in migratectl.toml",
    "DAEMON_UNREACHABLE": "check the address and that the daemon runs, then repeat the call",
    "CONFIG_INVALID": "correct it; `migratectl config` shows what applies",
    "STREAM_LOST": "`migratectl runs list`, then `migratectl runs watch RUN`",
    "LOCAL_FILE": "see that the path exists and can be read and written, then repeat the call",
    "EMBEDDED_START": "`migratectl daemon logs` shows what it said",
}
"""What to do, for the failures that are told here and not by the daemon."""

STATE = {
    "STREAM_LOST": "not known from here: `migratectl current` shows where the target stands",
    "LOCAL_FILE": "no target is involved",
}
"""The state, for the same."""


def write(table: Path, into: Path) -> None:
    """Write the modules of all parts into the folder `into`."""
    into.mkdir(parents=True, exist_ok=True)
    rows = ROW.findall(table.read_text(encoding="utf-8"))
    for prefix, module, base in PARTS:
        own = [row for row in rows if row[0].startswith(prefix)]
        if not own:
            raise SystemExit(f"{table} has no code that begins with {prefix}")
        head = f'"""The failures {prefix}…, as docs/errors lists them. Generated."""'
        names = "\n".join(f'    "{_name(reason)}",' for reason in sorted(row[1] for row in own))
        parts = [f"{head}\n\nfrom migrated.errors.base import {base}\n\n__all__ = [\n{names}\n]"]
        parts += [_class(code, reason, what, base) for code, reason, what in own]
        (into / f"{module}.py").write_text("\n\n\n".join(parts) + "\n", encoding="utf-8")


def _class(code: str, reason: str, what: str, base: str) -> str:
    lines = [
        f"class {_name(reason)}({base}):",
        f'    {"r" if chr(92) in what else ""}"""{what}"""',
        "",
        f'    CODE = "{code}"',
        f'    REASON = "{reason}"',
    ]
    if reason in STATE:
        lines.append(f'    STATE = "{STATE[reason]}"')
    if reason in NEXT:
        lines.append(f'    NEXT = "{NEXT[reason]}"')
    return "\n".join(lines)


def _name(reason: str) -> str:
    return "".join(word.capitalize() for word in reason.split("_"))
