"""Alembic projects: taking their history over, and giving it back."""
