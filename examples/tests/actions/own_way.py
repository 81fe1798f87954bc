"""The schema of an example kept without an `env.py`: what differs, the revision that is missing, and the way down.

Its argument names the example; it is run where its models have changed.
"""

import sys

import migrated
from migrated.sqlalchemy import Models, check, revision


def kept(name: str) -> tuple[migrated.Client, Models]:
    """Make a client, and tell the models as the example compares them."""
    if name == "telegram-bot":
        from src.telegram_bot import schema as bot
        from src.telegram_bot.infrastructure.models import Base as BotBase
        from src.telegram_bot.settings import BotSettings

        settings = BotSettings()
        return bot.client(settings), Models(BotBase.metadata, default_schema=settings.DB_SCHEMA)
    if name == "flask":
        from library import db
        from library import schema as library

        return library.client(), Models(db.metadata)
    if name == "social-notes":
        from notes.config import settings as notes
        from notes.models import Base as NotesBase
        from notes.rendering import render_item
        from notes.schema import FOLDER

        config = migrated.Config.load(cwd=FOLDER, database_url=notes.database_url)
        return migrated.Client(config), Models(NotesBase.metadata, render_item=render_item)
    from app.core.config import settings as tasks
    from app.models import Base
    from app.schema import FOLDER

    return migrated.Client(migrated.Config.load(cwd=FOLDER, database_url=tasks.database_url)), Models(
        Base.metadata
    )


def main(name: str) -> None:
    """Find the change, write it, run it, and take all of it back."""
    client, models = kept(name)
    with client:
        found, made = revision(client, models, "what changed")
        assert made is not None
        rows = client.upgrade("head").result().rows
        assert rows == (made.revision.id,), rows
        assert not check(client, models).differences
        client.downgrade("base").result()
        assert not client.current().rows
    for difference in found.differences:
        sys.stdout.write(difference.summary + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
