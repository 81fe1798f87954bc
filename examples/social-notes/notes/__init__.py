"""Notes that people share, on FastAPI."""
