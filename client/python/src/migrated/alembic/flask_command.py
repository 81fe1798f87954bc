"""`flask migrated`: `migrated-alembic` in an application's context, where Flask-Migrate's `env.py` expects to be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import click
from flask import current_app
from flask.cli import with_appcontext

from .cli import main
from .project import Project


@click.command(
    "migrated",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    short_help="Work on the project's migrations with migrated below them.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def command(arguments: Sequence[str]) -> None:
    """Run a command of migrated-alembic: upgrade, downgrade, current, check, revision, import and the others."""
    opened = _opened if "migrate" in current_app.extensions else None
    raise SystemExit(main(arguments, opened=opened, name="flask migrated"))


def _opened(options: argparse.Namespace) -> Project:
    """Open the project as Flask-Migrate does: what holds the `alembic.ini` holds the scripts as well."""
    folder = None if options.config is None else options.config.parent
    migrate = current_app.extensions["migrate"].migrate
    config = migrate.get_config(directory=folder, x_arg=list(options.x))
    # Alembic's default is what the standard output was when Alembic was loaded.
    config.stdout = sys.stdout
    return Project.of(config)
