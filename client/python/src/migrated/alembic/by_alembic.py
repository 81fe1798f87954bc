"""Commands that concern the scripts alone: Alembic does them itself."""

from __future__ import annotations

import argparse

from alembic import command
from alembic.config import Config

from .project import Project


def run_history(project: Project, options: argparse.Namespace) -> int:
    """List revisions, newest first."""
    command.history(project.config, options.rev_range, options.verbose, options.indicate_current)
    return 0


def run_heads(project: Project, options: argparse.Namespace) -> int:
    """Show the heads."""
    command.heads(project.config, options.verbose, options.resolve_dependencies)
    return 0


def run_branches(project: Project, options: argparse.Namespace) -> int:
    """Show the branch points."""
    command.branches(project.config, options.verbose)
    return 0


def run_show(project: Project, options: argparse.Namespace) -> int:
    """Show a revision in full."""
    command.show(project.config, options.rev)
    return 0


def run_edit(project: Project, options: argparse.Namespace) -> int:
    """Open a script in the editor."""
    command.edit(project.config, options.rev)
    return 0


def run_merge(project: Project, options: argparse.Namespace) -> int:
    """Write a script that joins heads."""
    command.merge(project.config, options.revisions, options.message, options.branch_label, options.rev_id)
    return 0


def run_ensure_version(project: Project, options: argparse.Namespace) -> int:
    """Make the version table if it is not there."""
    command.ensure_version(project.config, options.sql)
    return 0


def run_init(_load: object, options: argparse.Namespace) -> int:
    """Make a new project."""
    config = Config(str(options.config or "alembic.ini"), ini_section=options.name)
    command.init(config, options.directory, options.template, options.package)
    return 0
