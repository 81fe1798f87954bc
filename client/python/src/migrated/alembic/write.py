"""Writes revision files of migrated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from .header import header
from .script import Head


@dataclass(frozen=True)
class Section:
    """A section of a file in the SQL form."""

    direction: str
    statements: tuple[str, ...]
    transaction: bool = True
    dialects: tuple[str, ...] = ()


def sql_file(head: Head, sections: Sequence[Section]) -> str:
    """Write a revision in the SQL form."""
    out = [header(head)]
    for section in sections:
        options = ""
        if section.dialects:
            options += f" dialect:{','.join(section.dialects)}"
        if not section.transaction:
            options += " transaction:false"
        out.append(f"\n-- migrate:{section.direction}{options}\n")
        out += [f"{ended(statement)}\n" for statement in section.statements]
    return "".join(out)


def yaml_file(head: Head, up: list[Any], down: list[Any] | None, *, transaction: bool) -> str:
    """Write a revision in the operations form."""
    fields: dict[str, Any] = {"revision": head.revision}
    several = (
        ("down_revision", head.down_revision),
        ("depends_on", head.depends_on),
        ("branch_labels", head.branch_labels),
    )
    fields |= {key: values[0] if len(values) == 1 else list(values) for key, values in several if values}
    if head.message:
        fields["message"] = head.message
    if head.created is not None:
        fields["created"] = head.created
    if not transaction:
        fields["transaction"] = False
    fields["up"] = up
    if down is not None:
        fields["down"] = down
    return yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such a block, and no aliases, which revision files do not have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # A block cannot keep a tab at a line's beginning or white space at its end.
    block = "\n" in text and not re.search(r"[ \t]\n|[ \t]\Z|^\s|\t", text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


_Dumper.add_representer(str, _text)


def python_file(head: Head) -> str:
    """Write a script as a revision of the client form: itself, below the head that the daemon reads."""
    return f"{header(head, '#')}\n{head.path.read_text(encoding='utf-8')}"


_LINE_COMMENT_LAST = re.compile(r"--[^\n]*\Z")


def ended(statement: str) -> str:
    """End a statement with a semicolon of its own, if it has none."""
    statement = statement.strip()
    if statement.endswith(";"):
        return statement
    # Behind a comment the semicolon would be part of it.
    return f"{statement}\n;" if _LINE_COMMENT_LAST.search(statement) else f"{statement};"
