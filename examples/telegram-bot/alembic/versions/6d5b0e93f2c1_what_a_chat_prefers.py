"""what a chat prefers

Revision ID: 6d5b0e93f2c1
Revises: 2a8f61c3e9d7
Create Date: 2026-08-30 08:10:05.000000

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6d5b0e93f2c1"
down_revision = "2a8f61c3e9d7"
branch_labels = None
depends_on = None


SCHEMA = "bot_app"


def upgrade() -> None:
    op.add_column(
        "chats",
        sa.Column(
            "preferences",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        schema=SCHEMA,
    )
    op.execute(f"""UPDATE {SCHEMA}.chats SET preferences = '{{"language": "en"}}' WHERE id < 0""")


def downgrade() -> None:
    op.drop_column("chats", "preferences", schema=SCHEMA)
