"""`migrated-alembic`: an Alembic project with migrated below it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from migrated._release import VERSION
from migrated.errors import MigratedError

from . import export_command, import_command, other_commands, upgrade_command
from .project import Project, ProjectError


def parser() -> argparse.ArgumentParser:
    """Describe the command line; the global options are those of `alembic`."""
    root = argparse.ArgumentParser(
        prog="migrated-alembic", description="Works on an Alembic project with migrated below it."
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
    upgrade_command.describe(commands)
    other_commands.describe(commands)
    import_command.describe(commands)
    export_command.describe(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code, which means what that of `migratectl` means."""
    options = parser().parse_args(arguments)
    try:
        needed = getattr(options, "needs_project", True)
        project = Project.load(options.config, options.name, options.x) if needed else None
        code: int = options.run(project, options)
    except MigratedError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    except ProjectError as error:
        print(f"error: {error}\nnext: {error.next_step}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    return code
