"""Constructs of SQLite."""

from __future__ import annotations

import sqlalchemy as sa


def for_sqlite(metadata: sa.MetaData) -> None:
    """Add what SQLite has."""
    sa.Table(
        "counted",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(30, collation="NOCASE")),
        sa.Column("made", sa.DateTime, server_default=sa.text("(datetime('now'))")),
        sa.Column("expression", sa.Integer, server_default=sa.text("1 + 2")),
        sa.Column("strictly", sa.Integer, nullable=False, sqlite_on_conflict_not_null="FAIL"),
        sa.Column("virtual", sa.Integer, sa.Computed("id + 1", persisted=False)),
        sa.Column("either", sa.Integer, sa.Computed("id + 2")),
        sa.UniqueConstraint("name", sqlite_on_conflict="IGNORE", name="named"),
        sqlite_autoincrement=True,
    )
    plain = sa.Table(
        "plain",
        metadata,
        sa.Column("code", sa.String(9), primary_key=True, sqlite_on_conflict_primary_key="REPLACE"),
        sa.Column("other", sa.Integer, unique=True, sqlite_on_conflict_unique="ABORT"),
        sa.Column(
            "account", sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED", match="FULL")
        ),
        sqlite_with_rowid=False,
    )
    sa.Index("plain_some", plain.c.other, sqlite_where=plain.c.other > 5)
    sa.Index("plain_lower", sa.func.lower(plain.c.code), plain.c.other.desc(), unique=True)
    sa.Index("plain_collated", plain.c.code.collate("NOCASE"))
    sa.Index("plain_text", sa.text("other + 1 DESC"), _table=plain)
    sa.Table("strict", metadata, sa.Column("x", sa.Integer), sqlite_strict=True)
