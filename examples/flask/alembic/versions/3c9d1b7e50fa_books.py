"""books

Revision ID: 3c9d1b7e50fa
Revises:
Create Date: 2026-05-02 14:00:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "3c9d1b7e50fa"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "books",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=True),
        sa.Column("copies", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_books")),
    )
    op.bulk_insert(
        sa.table("books", sa.column("title", sa.String), sa.column("copies", sa.Integer)),
        [
            {"title": "The Trial", "copies": 2},
            {"title": "It's a 100% colon: story", "copies": 1},
        ],
    )


def downgrade() -> None:
    op.drop_table("books")
