"""an address belongs to one person

Revision ID: e6f84d2a1c35
Revises: a93c5e1f0b74
Create Date: 2026-10-02 08:31:17.450000

"""

import sqlalchemy as sa
from alembic import op

revision = "e6f84d2a1c35"
down_revision = "a93c5e1f0b74"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("uq_users_email_lower", "users", [sa.literal_column("lower(email)")], unique=True)


def downgrade() -> None:
    op.drop_index("uq_users_email_lower", table_name="users")
