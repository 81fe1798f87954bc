"""roles

Revision ID: b60a91e3d8f4
Revises: 5e28d4c7f1a0
Create Date: 2026-09-20 07:45:12.900000

"""

import sqlalchemy as sa
from alembic import op

revision = "b60a91e3d8f4"
down_revision = "5e28d4c7f1a0"
branch_labels = None
depends_on = None


role = sa.Enum("reader", "writer", "moderator", name="role")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        # Other than a new table, a new column does not bring its type with it.
        op.execute("CREATE TYPE role AS ENUM ('reader', 'writer', 'moderator')")
    op.add_column("users", sa.Column("role", role, server_default="reader", nullable=False))
    op.execute("UPDATE users SET role = 'writer' WHERE id IN (SELECT author_id FROM notes)")


def downgrade() -> None:
    op.drop_column("users", "role")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TYPE role")
