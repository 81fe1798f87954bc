"""when notes are edited

Revision ID: d3957fb2c04e
Revises: b60a91e3d8f4
Create Date: 2026-10-05 21:14:55.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "d3957fb2c04e"
down_revision = "b60a91e3d8f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notes", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("notes", "edited_at")
