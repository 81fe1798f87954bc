"""A list of tasks, served by FastAPI."""
