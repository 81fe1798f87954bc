"""The command line: what each command takes, and where it is. A command is loaded when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from migrated._release import VERSION

from .uncollected import uncollected

Run = Callable[..., int]

IMPORTED = ("mariadb", "mysql", "postgresql", "sqlite")
"""Dialects of SQLAlchemy that `import` can write."""

EXPORTED = ("mysql", "postgresql", "sqlite")
"""Dialects that revisions have."""


def parser(name: str = "migrated-alembic") -> argparse.ArgumentParser:
    """Describe the command line; the global options are those of `alembic`."""
    root = argparse.ArgumentParser(
        prog=name, description="Works on an Alembic project with migrated below it."
    )
    root.add_argument("--version", action="version", version=f"migrated-alembic {VERSION}")
    root.add_argument("-c", "--config", type=Path, metavar="FILE", help="the project's alembic.ini")
    root.add_argument("-n", "--name", default="alembic", metavar="SECTION", help="section of that file")
    root.add_argument(
        "-x",
        action="append",
        default=[],
        metavar="ARG",
        help="argument for env.py's context.get_x_argument()",
    )
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _moving(commands)
    _standing(commands)
    _revision(commands)
    _graph(commands)
    _import(commands)
    _export(commands)
    return root


def later(module: str, function: str = "run", *, project: bool = True) -> Run:
    """Give a command that is loaded when it is called, with what loads the project.

    With `project` the command gets the project itself.
    """

    def run(load: Callable[[], Any], options: argparse.Namespace) -> int:
        with uncollected():
            command: Run = getattr(import_module(f"migrated.alembic.{module}"), function)
        return command(load() if project else load, options)

    return run


def _moving(commands: Any) -> None:
    for name, text in (
        ("upgrade", "apply revisions up to REV"),
        ("downgrade", "take revisions back down to REV"),
    ):
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=f"{text.capitalize()}."
        )
        command.add_argument(
            "revision", metavar="REV", help="as Alembic writes it: an id, head, heads, +1, label@head"
        )
        command.add_argument("--sql", action="store_true", help="write the script instead, as alembic does")
        command.add_argument(
            "--configured",
            action="store_true",
            help="take the database and its version table from migratectl's configuration; "
            "env.py runs only where there is something to execute",
        )
        command.set_defaults(run=later("upgrade_command", project=False), direction=name)


def _standing(commands: Any) -> None:
    current = commands.add_parser("current", help="show where the database stands")
    current.add_argument("-v", "--verbose", action="store_true", help="show the revisions in full")
    current.set_defaults(run=later("other_commands", "run_current"))
    check = commands.add_parser("check", help="tell whether the database is what the models say")
    check.set_defaults(run=later("other_commands", "run_check"))
    stamp = commands.add_parser("stamp", help="set the version table without running anything")
    stamp.add_argument("revision", nargs="+", metavar="REV")
    stamp.add_argument("--purge", action="store_true", help="forget all rows of the version table before")
    stamp.set_defaults(run=later("other_commands", "run_stamp"))


def _revision(commands: Any) -> None:
    command: argparse.ArgumentParser = commands.add_parser(
        "revision",
        help="write a new script by the project's script.py.mako",
        description="Writes a new script by the project's script.py.mako; with --autogenerate the daemon compares.",
    )
    command.add_argument("-m", "--message", metavar="TEXT", help="what it does")
    command.add_argument(
        "--autogenerate", action="store_true", help="fill it with what makes the database the models'"
    )
    command.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="with --autogenerate: a table or column (t.c) that got another name",
    )
    command.add_argument("--sql", action="store_true", help="do not connect, as in offline mode")
    command.add_argument("--head", default="head", metavar="REV", help="the parent [default: head]")
    command.add_argument("--splice", action="store_true", help="allow a parent that is no head")
    command.add_argument("--branch-label", metavar="LABEL", help="label of the branch")
    command.add_argument("--version-path", metavar="DIR", help="folder of the file")
    command.add_argument("--rev-id", metavar="ID", help="the id, where it is not to be made")
    command.add_argument("--depends-on", action="append", metavar="REV", help="what it depends on")
    command.set_defaults(run=later("revision_command"))


def _graph(commands: Any) -> None:
    """Add what concerns the scripts alone: Alembic does it itself."""
    history = commands.add_parser("history", help="list revisions, newest first")
    history.add_argument("-r", "--rev-range", metavar="START:END")
    history.add_argument("-v", "--verbose", action="store_true")
    history.add_argument(
        "-i", "--indicate-current", action="store_true", help="mark where the database stands"
    )
    heads = commands.add_parser("heads", help="show the heads")
    heads.add_argument("-v", "--verbose", action="store_true")
    heads.add_argument("--resolve-dependencies", action="store_true")
    branches = commands.add_parser("branches", help="show the branch points")
    branches.add_argument("-v", "--verbose", action="store_true")
    show = commands.add_parser("show", help="show a revision in full")
    show.add_argument("rev", metavar="REV")
    edit = commands.add_parser("edit", help="open a script in $EDITOR")
    edit.add_argument("rev", metavar="REV")
    merge = commands.add_parser("merge", help="write a script that joins heads")
    merge.add_argument("revisions", nargs="+", metavar="REV")
    merge.add_argument("-m", "--message", metavar="TEXT")
    merge.add_argument("--branch-label", metavar="LABEL")
    merge.add_argument("--rev-id", metavar="ID")
    init = commands.add_parser("init", help="make a new project of Alembic")
    init.add_argument("directory", metavar="DIR")
    init.add_argument("-t", "--template", default="generic", metavar="NAME")
    init.add_argument("--package", action="store_true", help="write __init__.py files")
    ensure = commands.add_parser("ensure_version", help="make the version table if it is not there")
    ensure.add_argument("--sql", action="store_true")
    for name, made in (
        ("history", history),
        ("heads", heads),
        ("branches", branches),
        ("show", show),
        ("edit", edit),
        ("merge", merge),
        ("ensure_version", ensure),
    ):
        made.set_defaults(run=later("by_alembic", f"run_{name}"))
    init.set_defaults(run=later("by_alembic", "run_init", project=False))


def _import(commands: Any) -> None:
    command: argparse.ArgumentParser = commands.add_parser(
        "import",
        help="write the history as revisions that need no Python",
        description="Writes each script of versions/ as a revision file of migrated: id, parents, labels, "
        "dependencies, message and date kept, with the SQL that it executes. The Alembic project stays as it is.",
    )
    command.add_argument(
        "--dir", type=Path, metavar="DIR", help="folder for the revisions [default: migrations]"
    )
    command.add_argument(
        "--dialect",
        action="append",
        choices=IMPORTED,
        help="dialect to write; several allowed [default: that of the project's URL]",
    )
    command.add_argument(
        "--capture",
        action="append",
        default=[],
        metavar="[DIALECT=]URL",
        help="empty scratch database on which scripts are executed that read from it",
    )
    command.add_argument(
        "--keep-python",
        action="store_true",
        help="leave scripts as they are that read the database; the client executes them",
    )
    command.add_argument(
        "--sql", action="store_true", help="write SQL also where there is an operation for it"
    )
    command.add_argument(
        "--prove",
        action="append",
        default=[],
        metavar="[DIALECT=]URL",
        help="server on which empty databases are made to compare both histories; SQLite needs none",
    )
    command.add_argument("--no-proof", action="store_true", help="do not compare both histories")
    command.set_defaults(run=later("import_command"))


def _export(commands: Any) -> None:
    command: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write revisions of migrated as scripts of Alembic",
        description="Writes those of migratectl's revisions as scripts of Alembic that have none yet: the way back.",
    )
    command.add_argument(
        "--dialect",
        action="append",
        choices=EXPORTED,
        help="dialect whose SQL is written; several allowed [default: that of the configured database]",
    )
    command.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        help="folder for the scripts; those of revisions that it has stay as they are "
        "[default: that of the project's scripts]",
    )
    command.set_defaults(run=later("export_command", project=False))
