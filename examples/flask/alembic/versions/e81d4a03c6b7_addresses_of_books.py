"""addresses of books

Revision ID: e81d4a03c6b7
Revises: c25f97b8e304
Create Date: 2026-09-28 13:37:00.000000

"""

import re

import sqlalchemy as sa
from alembic import op

revision = "e81d4a03c6b7"
down_revision = "c25f97b8e304"
branch_labels = None
depends_on = None


books = sa.table(
    "books", sa.column("id", sa.Integer), sa.column("title", sa.String), sa.column("slug", sa.String)
)


def upgrade() -> None:
    with op.batch_alter_table("books") as batch_op:
        batch_op.add_column(sa.Column("slug", sa.String(length=200), nullable=True))
    bind = op.get_bind()
    for number, title in bind.execute(sa.select(books.c.id, books.c.title)).all():
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        bind.execute(books.update().where(books.c.id == number).values(slug=slug))
    with op.batch_alter_table("books") as batch_op:
        batch_op.alter_column("slug", existing_type=sa.String(length=200), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_books_slug"), ["slug"])


def downgrade() -> None:
    with op.batch_alter_table("books") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_books_slug"), type_="unique")
        batch_op.drop_column("slug")
