"""every book has a title

Revision ID: c25f97b8e304
Revises: 84e0a6f2d19b
Create Date: 2026-06-17 09:09:09.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "c25f97b8e304"
down_revision = "84e0a6f2d19b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM books WHERE title IS NULL")
    with op.batch_alter_table("books") as batch_op:
        batch_op.alter_column(
            "title", existing_type=sa.String(length=120), type_=sa.String(length=200), nullable=False
        )


def downgrade() -> None:
    with op.batch_alter_table("books") as batch_op:
        batch_op.alter_column(
            "title", existing_type=sa.String(length=200), type_=sa.String(length=120), nullable=True
        )
