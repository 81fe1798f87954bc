"""when tasks are due

Revision ID: a93c5e1f0b74
Revises: 7d20f3b8e916
Create Date: 2026-09-10 11:05:30.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "a93c5e1f0b74"
down_revision = "7d20f3b8e916"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("due", sa.Date(), nullable=True))
    op.add_column("tasks", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE tasks SET priority = 1 WHERE title LIKE '%!'")


def downgrade() -> None:
    op.drop_column("tasks", "priority")
    op.drop_column("tasks", "due")
