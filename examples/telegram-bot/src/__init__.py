"""The folder that the deploy copies."""
