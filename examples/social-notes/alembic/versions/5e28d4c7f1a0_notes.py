"""notes

Revision ID: 5e28d4c7f1a0
Revises: 1f7c0a9b3e62
Create Date: 2026-08-12 10:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "5e28d4c7f1a0"
down_revision = "1f7c0a9b3e62"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("private", "public", name="visibility"),
            server_default="private",
            nullable=False,
        ),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_notes_author_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_author_id"), "notes", ["author_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_notes_author_id"), table_name="notes")
    op.drop_table("notes")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TYPE visibility")
