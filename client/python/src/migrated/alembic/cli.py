"""`migrated-alembic`: an Alembic project with migrated below it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from migrated.errors import MigratedError

from .arguments import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code, which means what that of `migratectl` means."""
    options = parser().parse_args(arguments)

    from alembic.util import CommandError

    from .project import Project, ProjectError

    try:
        needed = getattr(options, "needs_project", True)
        project = Project.load(options.config, options.name, options.x) if needed else None
        code: int = options.run(project, options)
    except MigratedError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    except CommandError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    except ProjectError as error:
        print(error.told, file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    return code
