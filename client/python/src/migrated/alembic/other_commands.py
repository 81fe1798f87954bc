"""`current`, `stamp` and `check`: what concerns a database and runs no script."""

from __future__ import annotations

import argparse
import sys

from .narrate import narrate
from .project import Project
from .upgrade_command import client_of

DIFFERENT = 3
"""The exit code of `check` where there is a difference, as that of `migratectl`."""


def run_current(project: Project, options: argparse.Namespace) -> int:
    """Show where the database stands, in Alembic's words."""
    with client_of(project) as (client, _, _):
        rows = client.current().rows
    for script in project.scripts.get_all_current(tuple(rows)):
        project.config.print_stdout(script.cmd_format(options.verbose))
    return 0


def run_stamp(project: Project, options: argparse.Namespace) -> int:
    """Set the version table."""
    with client_of(project) as (client, _, _):
        for event in client.stamp(*options.revision, purge=options.purge):
            narrate(event)
    return 0


def run_check(project: Project, _options: argparse.Namespace) -> int:
    """Compare the database with the models."""
    from migrated.sqlalchemy import check

    from .models import models_of

    with client_of(project) as (client, configured, _):
        found = check(client, models_of(configured, client))
    for difference in found.differences:
        print(difference.summary)  # noqa: T201 - a command speaks
    for question in found.questions:
        text = f"{question.old_name} may have become {question.new_name} ({question.similarity:.0%})"
        print(f"question: {text}", file=sys.stderr)  # noqa: T201 - a command speaks
    if found.differences:
        return DIFFERENT
    print("No new upgrade operations detected.")  # noqa: T201 - a command speaks
    return 0
