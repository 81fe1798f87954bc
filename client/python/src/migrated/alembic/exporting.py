"""Turns revisions of migrated into scripts of Alembic: the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from migrated._sync.client import Client
from migrated.errors import MigratedError, NoBody
from migrated.v1.migration_service_pb2 import PlanResponse
from migrated.v1.revision_pb2 import Revision

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
"""What SQLAlchemy's `text()` takes for a parameter."""

_HEAD_LINE = re.compile(r"#\s*[\w-]+:.*\n|#.*\n|\s*\n")


@dataclass
class Body:
    """What a revision does in one direction, by dialect."""

    statements: dict[str, tuple[str, ...]] = field(default_factory=dict)
    transactional: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """A revision as a script of Alembic."""

    revision: str
    name: str
    text: str


def export(client: Client, dialects: Sequence[str]) -> list[Exported]:
    """Write every revision of the client's folder as a script, with the SQL that it has for `dialects`.

    A revision that is Python already is written as the script that it was.

    Raises:
        MigratedError: The graph, or a revision, cannot be used.

    """
    revisions = list(reversed(client.history()))
    up, down = _bodies(client, revisions, dialects)
    scripts = []
    for revision in revisions:
        if revision.path.endswith(".rev.py"):
            [(_, file)] = client.show(revision.id, with_content=True)
            source = file.content if file is not None else ""
            scripts.append(Exported(revision.id, _name(revision), without_head(source)))
            continue
        text = script(revision, up.get(revision.id, Body()), down.get(revision.id))
        scripts.append(Exported(revision.id, _name(revision), text))
    return scripts


def _name(revision: Revision) -> str:
    stem = revision.path.rsplit("/", 1)[-1].removesuffix(".rev.py")
    return f"{re.sub(r'[.](sql|ya?ml)$', '', stem)}.py"


def without_head(source: str) -> str:
    """Take away the comment lines that the daemon reads."""
    place = 0
    while (found := _HEAD_LINE.match(source, place)) is not None and found.end() > place:
        place = found.end()
    return source[place:]


def _bodies(
    client: Client, revisions: Sequence[Revision], dialects: Sequence[str]
) -> tuple[dict[str, Body], dict[str, Body]]:
    """Let the daemon split and render: it plans the whole way up, and each revision's way down."""
    up: dict[str, Body] = {}
    down: dict[str, Body] = {}
    for dialect in dialects:
        whole = client.plan("heads", current=[], dialect=dialect)
        _take(up, whole, dialect)
        after = {step.revision.id: list(step.rows) for step in whole.steps}
        try:
            heads = list(whole.to)
            _take(down, client.plan("base", direction="downgrade", current=heads, dialect=dialect), dialect)
        except NoBody:
            for revision in revisions:
                _one_down(client, revision, after[revision.id], dialect, down)
    return up, down


def _one_down(
    client: Client, revision: Revision, rows: list[str], dialect: str, down: dict[str, Body]
) -> None:
    goal = revision.down_revisions[0] if revision.down_revisions else "base"
    try:
        plan = client.plan(goal, direction="downgrade", current=rows, dialect=dialect)
    except MigratedError:
        # It has none, or one beside it has none: then it cannot be taken back here either.
        return
    _take(down, plan, dialect, only=revision.id)


def _take(bodies: dict[str, Body], plan: PlanResponse, dialect: str, only: str | None = None) -> None:
    for step in plan.steps:
        if only is None or step.revision.id == only:
            body = bodies.setdefault(step.revision.id, Body())
            body.statements[dialect] = tuple(step.statements)
            body.transactional[dialect] = step.transactional


def script(revision: Revision, up: Body, down: Body | None) -> str:
    """Write a script."""
    parents = tuple(revision.down_revisions)
    head = [
        f'"""{revision.message or "no message"}',
        "",
        f"Revision ID: {revision.id}",
        f"Revises: {', '.join(parents)}",
        *([f"Create Date: {revision.created}"] if revision.created else []),
        "",
        '"""',
        "",
        "from alembic import op",
        "",
        f"revision = {revision.id!r}",
        f"down_revision = {_told(parents)}",
        f"branch_labels = {_told(revision.branch_labels)}",
        f"depends_on = {_told(revision.depends_on)}",
        "",
        "",
        "def upgrade() -> None:",
        *_body(up),
        "",
        "",
        "def downgrade() -> None:",
        *(["    raise NotImplementedError('there is no way back')"] if down is None else _body(down)),
    ]
    return "\n".join(head) + "\n"


def _told(values: Sequence[str]) -> str:
    if not values:
        return "None"
    return repr(values[0]) if len(values) == 1 else repr(tuple(values))


def _body(body: Body) -> list[str]:
    if not any(body.statements.values()):
        return ["    pass"]
    whole = set(zip(body.statements.values(), body.transactional.values(), strict=True))
    if len(whole) == 1:
        [(statements, transactional)] = whole
        return _statements(statements, transactional, "    ")
    lines = ["    dialect = op.get_context().dialect.name"]
    for dialect, statements in body.statements.items():
        names = {"mysql": "('mysql', 'mariadb')"}.get(dialect, f"({dialect!r},)")
        lines.append(f"    if dialect in {names}:")
        lines += _statements(statements, body.transactional[dialect], "        ") or ["        pass"]
    return lines


def _statements(statements: Sequence[str], transactional: bool, indent: str) -> list[str]:
    lines = []
    if not transactional:
        lines.append(f"{indent}with op.get_context().autocommit_block():")
        indent += "    "
    lines += [f"{indent}op.execute({quoted(statement)})" for statement in statements]
    return lines


def quoted(statement: str) -> str:
    """Write a statement as Python's text, with what `text()` takes for parameters escaped."""
    statement = _BIND.sub(r"\\:", statement)
    if "\n" in statement and '"""' not in statement and not statement.endswith('"') and "\r" not in statement:
        escaped = statement.replace("\\", "\\\\")
        return f'"""{escaped}"""'
    return json.dumps(statement, ensure_ascii=False)
