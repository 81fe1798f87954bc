"""Commands of `flask --app library`."""

import click

import migrated
from library import app


@app.cli.group()
def schema() -> None:
    """Keep the database's schema."""


@schema.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database up to REVISION."""
    from library import schema as kept

    try:
        rows = kept.upgrade(revision)
    except migrated.MigratedError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"the database stands at {', '.join(rows)}")


@schema.command()
def check() -> None:
    """Tell how the database differs from the models; exit with 3 where it does."""
    from library import schema as kept

    try:
        found = kept.differences()
    except migrated.MigratedError as error:
        raise click.ClickException(str(error)) from error
    if found:
        click.echo("\n".join(found))
        raise click.exceptions.Exit(3)
