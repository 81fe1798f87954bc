"""Each example as an Alembic project: its own `env.py`, unmodified, and `migrated-alembic` in place of `alembic`."""

from __future__ import annotations

from copy_of import Copy


def test_each_way_leaves_what_alembic_leaves(example: Copy) -> None:
    ours, theirs, scripted = example.url, example.database(), example.database()
    example.run("migrated-alembic", "upgrade", "head")
    example.use(theirs)
    example.run("alembic", "upgrade", "head")
    assert example.left(ours) == example.left(theirs)

    # A script for later; the daemon goes on where it left the database, and the application works there.
    example.use(scripted)
    to = example.story.offline.get(example.engine)
    address = ["-x", f"url={example.with_driver(scripted)}"] if to else []
    example.execute(example.run("migrated-alembic", *address, "upgrade", to or "head", "--sql"), scripted)
    if to is not None:
        example.run("migrated-alembic", "upgrade", "head")
    assert example.left(scripted) == example.left(theirs)
    example.serve()

    # Each goes back from where the other stands.
    example.use(theirs)
    example.run("migrated-alembic", "downgrade", "-2")
    example.use(ours)
    example.run("alembic", "downgrade", "-2")
    assert example.left(ours) == example.left(theirs)
    example.run("migrated-alembic", "downgrade", "base")
    example.use(theirs)
    example.run("alembic", "downgrade", "base")
    assert example.left(ours) == example.left(theirs)


def test_a_changed_model_is_found_and_written(example: Copy) -> None:
    example.run("migrated-alembic", "upgrade", "head")
    example.change_models()
    found = example.run("migrated-alembic", "check", exit_code=3).splitlines()
    assert found == example.story.change.differences[example.engine]
    example.run(*autogenerate(example))
    example.run("migrated-alembic", "upgrade", "head")
    assert example.run("migrated-alembic", "check") == "No new upgrade operations detected.\n"


def autogenerate(example: Copy) -> list[str]:
    """Give the command that writes the missing script."""
    arguments = ["revision", "--autogenerate", "-m", "what changed"]
    return ["alembic", *arguments]
