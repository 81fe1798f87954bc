"""Models of SQLAlchemy, and what they are tried on."""
