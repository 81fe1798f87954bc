"""Each example once more without any `env.py`: `migratectl.toml`, revisions that need no Python, and the client."""

from __future__ import annotations

import subprocess

from copy_of import Copy
from migrated import Client, Config
from migrated.config.keys import Settings


def test_the_application_keeps_its_schema_without_an_env_py(example: Copy) -> None:
    story = example.story
    by_alembic = example.database()
    example.use(by_alembic)
    example.run("alembic", "upgrade", "head")
    example.without_alembic()
    example.use(example.url)
    if story.schema is not None:
        # Whoever owns the database gives the bot its schema; all else is the bot's.
        example.execute(f"CREATE SCHEMA {story.schema}", example.url)

    bring_up_and_serve(example)
    place: Settings = {"database_url": example.url}
    if story.schema is not None:
        place["database_schema"] = story.schema
    config = Config.load(cwd=example.folder, environ=example.environ, **place)
    with Client(config) as client:
        assert list(client.current().rows) == [story.head]
        two = client.diff(example.url, by_alembic, schemas=[story.schema] if story.schema else [])
        assert [found.summary for found in two.differences] == []

    example.change_models()
    found = example.run("python", str(story.action.with_name("own_way.py")), story.name).splitlines()
    prefix = f"{story.schema}." if story.schema else ""
    assert found == [each.replace(prefix, "") for each in story.change.differences[example.engine]]


def bring_up_and_serve(example: Copy) -> None:
    """Bring the database up to date as the example's README has it, and use the application."""
    match example.story.name:
        case "social-notes":
            # The application starts before the deploy's step, and waits for it.
            with subprocess.Popen(
                ["python", str(example.story.action)],
                cwd=example.folder,
                env={**example.environ, **example.story.at_start},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as application:
                example.run("migratectl", "upgrade", "head")
                output, errors = application.communicate(timeout=120)
            assert output == "served\n", errors
        case "flask":
            told = example.run("flask", "--app", "library", "schema", "upgrade")
            assert told == f"the database stands at {example.story.head}\n"
            assert not example.run("flask", "--app", "library", "schema", "check")
            example.serve()
        case _:
            example.serve(**example.story.at_start)
