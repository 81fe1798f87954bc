"""`migrated-alembic import`: the project's scripts as revisions that need no Python."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import MetaData

from .environment import Configured, learn
from .importing import DIALECTS, Outcome, read_scripts
from .project import Project, ProjectError
from .proof import prove
from .settings_file import NAME, write_settings

OK, FAILED, DIFFERENT = 0, 1, 3
"""Exit codes, as those of `migratectl`."""


def run(project: Project, options: argparse.Namespace) -> int:
    """Read the scripts, write the files, and prove them."""
    configured = _configured(project, options.dialect)
    dialects: list[str] = options.dialect or [configured.dialect]
    if unknown := [dialect for dialect in dialects if dialect not in DIALECTS]:
        raise ProjectError(f"the dialect `{unknown[0]}` is not known", f"name one of {', '.join(DIALECTS)}")
    metadata = configured.metadata[0] if configured.metadata else None
    folder = options.dir or _folder(project)
    if folder.exists() and any(folder.iterdir()):
        raise ProjectError(f"{folder} is not empty", "name another folder with --dir, or remove this one")
    outcome = read_scripts(
        project.scripts,
        dialects,
        metadata=metadata,
        capture=_by_dialect(options.capture, dialects),
        keep_python=options.keep_python,
        sql=options.sql,
    )
    for note in outcome.notes:
        _say(f"note: {note}")
    if outcome.refused:
        return _refuse(outcome)
    folder.mkdir(parents=True, exist_ok=True)
    for file in outcome.files:
        (folder / file.name).write_text(file.text, encoding="utf-8")
    _say(f"{len(outcome.files)} revisions are written to {folder}")
    if write_settings(Path(), str(folder), configured.options):
        _say(f"{NAME} is written")
    code = _proved(project, folder, dialects, metadata, options, outcome)
    _say(
        "next: a target where `migrated-alembic` ran the scripts remembers their content: "
        "`migratectl repair --all --reason imported` accepts that of the revisions, once"
    )
    return code


def _proved(
    project: Project,
    folder: Path,
    dialects: list[str],
    metadata: MetaData | None,
    options: argparse.Namespace,
    outcome: Outcome,
) -> int:
    if options.no_proof:
        return OK
    if python := [file for file in outcome.files if file.name.endswith(".rev.py")]:
        _say(
            f"not proved: of the scripts {len(python)} stay Python, which `migrated-alembic upgrade` executes"
        )
        return OK
    return _prove(project, folder, dialects, metadata, _by_dialect(options.prove, dialects))


def _configured(project: Project, dialects: list[str] | None) -> Configured:
    """Learn from `env.py`, which need not be able to run if the dialect is told."""
    try:
        return learn(project.config, project.scripts, offline=True)[0]
    except ProjectError as error:
        reason, detail = str(error), error.detail
    if not dialects:
        raise ProjectError(
            reason,
            "make env.py run with `alembic upgrade head --sql`, or tell the dialect with --dialect",
            detail,
        )
    _say(f"note: {reason}; naming conventions are not known then")
    return Configured(dialects[0], None, {})


def _folder(project: Project) -> Path:
    taken = Path(project.scripts.dir).resolve()
    wanted = Path("migrations")
    return Path("revisions") if wanted.resolve() == taken else wanted


def _by_dialect(told: list[str], dialects: list[str]) -> Mapping[str, str]:
    urls: dict[str, str] = {}
    for one in told:
        dialect, sign, url = one.partition("=")
        if sign and dialect in DIALECTS:
            urls[dialect] = url
        else:
            urls[dialects[0]] = one
    return urls


def _refuse(outcome: Outcome) -> int:
    total = len(outcome.files) + len(outcome.refused)
    _say(f"error: {len(outcome.refused)} of {total} scripts do more than write SQL:")
    for refused in outcome.refused:
        _say(f"  {refused.head.path}:{refused.line}: {refused.reason}")
    _say("state: nothing is written")
    _say(
        "next: --capture URL writes down what they execute on an empty scratch database; "
        "--keep-python leaves them Python"
    )
    return FAILED


def _prove(
    project: Project, folder: Path, dialects: list[str], metadata: MetaData | None, servers: Mapping[str, str]
) -> int:
    code = OK
    for dialect in dialects:
        if dialect != "sqlite" and dialect not in servers:
            _say(
                f"not proved for {dialect}: `--prove URL` names a server on which empty databases may be made"
            )
            continue
        proof = prove(
            project.scripts, folder.resolve(), dialect, metadata=metadata, server=servers.get(dialect)
        )
        if proof.holds:
            _say(
                f"proved for {dialect}: {proof.revisions} revisions by Alembic and by migrated leave the same schema"
            )
            continue
        code = DIFFERENT if proof.failure is None else FAILED
        _say(f"error: by migrated the history leaves another schema ({dialect})")
        for line in proof.differences or (proof.failure or "",):
            _say(f"  {line}")
    return code


def _say(line: str) -> None:
    print(line, file=sys.stderr if line.startswith(("error", "note", "state", "next", " ")) else sys.stdout)
