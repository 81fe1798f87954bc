"""`migrated-alembic`: an Alembic project with migrated below it."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from migrated.errors import MigratedError

from .arguments import parser
from .project_error import ProjectError
from .uncollected import uncollected

if TYPE_CHECKING:
    from .project import Project


def program() -> int:
    """Run the command of this process, and give its exit code."""
    code = main()
    # An interpreter that ends looks once more through all there is, for what would be gone a moment later anyway.
    gc.freeze()
    return code


def main(
    arguments: Sequence[str] | None = None,
    *,
    opened: Callable[[argparse.Namespace], Project] | None = None,
    name: str = "migrated-alembic",
) -> int:
    """Run the command; give its exit code, which means what that of `migratectl` means.

    Args:
        arguments: What stands behind the program's name; that of the process where it is not given.
        opened: Opens the project for the options, where that is not by `alembic.ini` in the working directory.
        name: The program's name.

    """
    options = parser(name).parse_args(arguments)
    options.is_opened_elsewhere = opened is not None

    def load() -> Project:
        if opened is not None:
            return opened(options)
        with uncollected():
            from .project import Project

            return Project.load(options.config, options.name, options.x)

    try:
        code: int = options.run(load, options)
    except MigratedError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    except ProjectError as error:
        print(error.told, file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    except Exception as error:
        if not _is_alembics(error):
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    return code


def _is_alembics(error: Exception) -> bool:
    """Tell whether Alembic refused, which it can only where it is loaded."""
    alembic = sys.modules.get("alembic.util.exc")
    return alembic is not None and isinstance(error, alembic.CommandError)
