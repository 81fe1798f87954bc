"""chats

Revision ID: 09c4e7d1a5b8
Revises:
Create Date: 2026-07-01 12:00:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "09c4e7d1a5b8"
down_revision = None
branch_labels = None
depends_on = None


SCHEMA = "bot_app"


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("chats", schema=SCHEMA)
