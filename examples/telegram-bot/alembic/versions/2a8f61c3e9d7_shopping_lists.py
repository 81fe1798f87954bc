"""shopping lists

Revision ID: 2a8f61c3e9d7
Revises: 09c4e7d1a5b8
Create Date: 2026-07-03 19:22:41.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "2a8f61c3e9d7"
down_revision = "09c4e7d1a5b8"
branch_labels = None
depends_on = None


SCHEMA = "bot_app"


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("bought_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], [f"{SCHEMA}.chats.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_index(
        "items_open", "items", ["chat_id"], schema=SCHEMA, postgresql_where=sa.text("bought_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("items_open", table_name="items", schema=SCHEMA)
    op.drop_table("items", schema=SCHEMA)
