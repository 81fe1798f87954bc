"""long titles of chats

Revision ID: f71e3c8a40d6
Revises: 6d5b0e93f2c1
Create Date: 2026-10-12 16:00:33.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "f71e3c8a40d6"
down_revision = "6d5b0e93f2c1"
branch_labels = None
depends_on = None


SCHEMA = "bot_app"


def upgrade() -> None:
    op.alter_column(
        "chats",
        "title",
        existing_type=sa.String(length=64),
        type_=sa.String(length=128),
        existing_nullable=False,
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.alter_column(
        "chats",
        "title",
        existing_type=sa.String(length=128),
        type_=sa.String(length=64),
        existing_nullable=False,
        schema=SCHEMA,
    )
