"""The examples, and what the tests know of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Change:
    """A change of the models, as a person makes it, and the differences that it makes, by engine."""

    file: str
    old: str
    new: str
    differences: dict[str, list[str]]


@dataclass(frozen=True)
class Story:
    """An example.

    Attributes:
        name: Its folder.
        variable: The environment's variable with the URL of its database.
        drivers: SQLAlchemy's drivers that it uses, by engine: the engines that it runs on.
        head: Its newest revision.
        change: A change of its models.
        at_start: What makes the application see to its schema itself.
        schema: The schema that everything is in, where there is one.
        imported: Whether its revisions were written by `migrated-alembic import`, as its scripts can be.
        offline: Up to where `--sql` can go, by engine, where it cannot go to the head.

    """

    name: str
    variable: str
    drivers: dict[str, str]
    head: str
    change: Change
    at_start: dict[str, str] = field(default_factory=dict)
    schema: str | None = None
    imported: bool = False
    offline: dict[str, str] = field(default_factory=dict)

    @property
    def action(self) -> Path:
        """The file that uses the application."""
        return EXAMPLES / "tests" / "actions" / f"use_{self.name.replace('-', '_')}.py"


ASYNC = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}

STORIES = [
    Story(
        "fastapi-async",
        "DATABASE_URL",
        ASYNC,
        "e6f84d2a1c35",
        Change(
            "app/models/task.py",
            "    due: Mapped[date | None]\n",
            "    due: Mapped[date | None] = mapped_column(index=True)\n"
            "    note: Mapped[str | None] = mapped_column(String(500))\n",
            {
                "postgresql": [
                    "add column tasks.note character varying(500)",
                    "create index ix_tasks_due on tasks (due)",
                ],
                "sqlite": [
                    "add column tasks.note VARCHAR(500)",
                    "create index ix_tasks_due on tasks (due)",
                ],
            },
        ),
        {"MIGRATE_AT_START": "true"},
        imported=True,
    ),
    Story(
        "social-notes",
        "DATABASE_URL",
        ASYNC,
        "d3957fb2c04e",
        Change(
            "notes/models.py",
            "    edited_at: Mapped[datetime | None] = mapped_column(Moment)\n",
            "    edited_at: Mapped[datetime | None] = mapped_column(Moment)\n"
            "    hidden_at: Mapped[datetime | None] = mapped_column(DateTime())\n"
            '    edited_by: Mapped[Role | None] = mapped_column(SafeEnum(Role, name="role"))\n',
            # The moment has its time zone by `render_item`, and the enumeration is the type that is there.
            {
                "postgresql": [
                    "add column notes.hidden_at timestamp with time zone",
                    "add column notes.edited_by role",
                ],
                "sqlite": ["add column notes.hidden_at DATETIME", "add column notes.edited_by VARCHAR(9)"],
            },
        ),
        {"WAIT_FOR_SCHEMA": "PT120S"},
        imported=True,
    ),
    Story(
        "telegram-bot",
        "DATABASE_URL",
        {"postgresql": "postgresql+asyncpg"},
        "f71e3c8a40d6",
        Change(
            "src/telegram_bot/infrastructure/models/base.py",
            "    name: Mapped[str] = mapped_column(String(200))\n",
            "    name: Mapped[str] = mapped_column(String(300))\n"
            '    amount: Mapped[int] = mapped_column(server_default="1")\n',
            {
                "postgresql": [
                    "add column bot_app.items.amount integer",
                    "alter column bot_app.items.name: type character varying(200) to character varying(300)",
                ]
            },
        ),
        {"MIGRATE_AT_START": "true"},
        schema="bot_app",
    ),
    Story(
        "flask",
        "LIBRARY_DATABASE",
        {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"},
        "e81d4a03c6b7",
        Change(
            "library/models.py",
            "    until: Mapped[date | None]\n",
            '    until: Mapped[date | None]\n    renewed: Mapped[int] = mapped_column(server_default="0")\n',
            {
                "postgresql": ["add column loans.renewed integer"],
                "sqlite": ["add column loans.renewed INTEGER"],
            },
        ),
        # Batch mode has to see the table, and the last script sees the rows.
        offline={"postgresql": "c25f97b8e304", "sqlite": "84e0a6f2d19b"},
    ),
]

CASES = [(story, engine) for story in STORIES for engine in story.drivers]
