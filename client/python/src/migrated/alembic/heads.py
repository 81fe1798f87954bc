"""What the heads of scripts say, read without executing them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .created import created_of
from .locations import Locations
from .project_error import ProjectError
from .script import Head, several

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")

_BODY = re.compile(r"^(?:def|class|async def|@|if|for|while|with|try)\b", re.MULTILINE)
"""Where a script's head ends: nothing that is executed on conditions can be read as a literal."""

_SAID = re.compile(rf"^[ \t]*(?:{'|'.join(_NAMES)})\b\s*(?::[^=\n]*)?=(?!=)", re.MULTILINE)

_PLAIN = re.compile(
    rf"^({'|'.join(_NAMES)})\b[ \t]*(?::[^=\n]*)?=[ \t]*"
    r"(?:None|\"([^\"\\\n]*)\"|'([^'\\\n]*)')[ \t]*(?:\#.*)?$",
    re.MULTILINE,
)
"""A line of a head that says one text, or None."""

_DOC = re.compile(
    r"\s*(?:#[^\n]*\n\s*)*"
    r"(?:\"\"\"([^\"\\]*(?:\"{1,2}(?!\")[^\"\\]*)*)\"\"\"|'''([^'\\]*(?:'{1,2}(?!')[^'\\]*)*)''')"
)
"""A text at a script's head without any backslash."""

_LEGACY = re.compile(r"([a-f0-9]+)\.py$")
"""Names that told the id in Alembic 0.1."""


def heads_of(locations: Locations) -> list[Head]:
    """Read the heads of all scripts, in the order in which Alembic loads them.

    A script is executed only where its head is not made of literals.

    Raises:
        ProjectError: A script says no revision.

    """
    return resolved([_read(path) for path in locations.scripts()])


def _read(path: str) -> Head:
    with open(path, "rb") as opened:  # noqa: PTH123 - thousands of them
        source = opened.read()
    said = _literals(source) or _executed(Path(path))
    doc = str(said.get("__doc__") or "").strip()
    return Head(
        revision=said["revision"],
        down_revision=several(said["down_revision"]),
        depends_on=several(said.get("depends_on")),
        branch_labels=several(said.get("branch_labels")),
        message=" ".join(doc.partition("\n\n")[0].split()),
        created=created_of(doc),
        file=path,
        source=source,
    )


def _literals(source: bytes) -> dict[str, Any] | None:
    """Read the head's literals; `None` where it has anything else, or lacks what it must say."""
    text = source.decode("utf-8", "replace").lstrip("\ufeff").replace("\r\n", "\n")
    doc = _DOC.match(text)
    body = _BODY.search(text, doc.end() if doc else 0)
    if body is not None and _SAID.search(text, body.start()) is None:
        text = text[: body.start()]
    return _lines(text, doc) or _parsed(text)


def _lines(text: str, doc: re.Match[str] | None) -> dict[str, Any] | None:
    """Read a head line by line, as most are written; `None` where it is written in any other way."""
    if doc is None or "'''" in text[doc.end() :] or '"""' in text[doc.end() :]:
        return None
    found = list(_PLAIN.finditer(text, doc.end()))
    if len(found) != len(_SAID.findall(text, doc.end())):
        return None
    said: dict[str, Any] = {line[1]: line[3] if line[2] is None else line[2] for line in found}
    return (
        said | {"__doc__": doc[1] or doc[2] or ""} if "revision" in said and "down_revision" in said else None
    )


def _parsed(text: str) -> dict[str, Any] | None:
    """Read a head that is made of literals."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    said: dict[str, Any] = {"__doc__": ast.get_docstring(tree, clean=False)}
    for statement in tree.body:
        for name, value in _assigned(statement):
            try:
                said[name] = None if value is None else ast.literal_eval(value)
            except ValueError:
                return None
    return said if "revision" in said and "down_revision" in said else None


def _assigned(statement: ast.stmt) -> Iterable[tuple[str, ast.expr | None]]:
    """Tell what a statement gives to a name of the head."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            pairs: list[tuple[ast.expr, ast.expr]] = []
            for target in targets:
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs += zip(target.elts, value.elts, strict=False)
                else:
                    pairs.append((target, value))
            for target, told in pairs:
                if isinstance(target, ast.Name) and target.id in _NAMES:
                    yield target.id, told
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if name in _NAMES and value is not None:
            yield name, value
        case ast.Import() | ast.ImportFrom() | ast.Expr():
            return
        case _:
            # What is done on conditions may say them, too.
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id in _NAMES and isinstance(node.ctx, ast.Store):
                    yield node.id, node


def _executed(path: Path) -> dict[str, Any]:
    """Execute a script for what its head says."""
    from alembic.util import load_python_file

    module = load_python_file(str(path.parent), path.name)
    said = dict(vars(module))
    if "revision" not in said:
        named = _LEGACY.match(path.name)
        if named is None:
            raise ProjectError(
                f"{path} says no `revision`", "write its id into it, or move it out of the folder of scripts"
            )
        said["revision"] = named[1]
    if "down_revision" not in said:
        raise ProjectError(f"{path} says no `down_revision`", "write its parent into it, or None")
    return said


def resolved(heads: list[Head]) -> list[Head]:
    """Complete ids that are cut short, which nothing but Alembic would read in the same way for ever."""
    ids = {head.revision for head in heads}
    labels = {label for head in heads for label in head.branch_labels}

    def whole(name: str) -> str:
        if name in ids or name in labels:
            return name
        found = [one for one in ids if one.startswith(name)]
        return found[0] if len(found) == 1 else name

    return [
        head
        if all(name in ids for name in (*head.down_revision, *head.depends_on))
        else head.with_parents(tuple(map(whole, head.down_revision)), tuple(map(whole, head.depends_on)))
        for head in heads
    ]
