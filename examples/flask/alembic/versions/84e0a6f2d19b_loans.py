"""loans

Revision ID: 84e0a6f2d19b
Revises: 3c9d1b7e50fa
Create Date: 2026-05-09 10:15:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "84e0a6f2d19b"
down_revision = "3c9d1b7e50fa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_loans_book_id_books")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    with op.batch_alter_table("loans") as batch_op:
        batch_op.create_index(batch_op.f("ix_loans_book_id"), ["book_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("loans") as batch_op:
        batch_op.drop_index(batch_op.f("ix_loans_book_id"))
    op.drop_table("loans")
