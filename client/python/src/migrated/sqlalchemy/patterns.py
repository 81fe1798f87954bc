"""Patterns of rules."""

from __future__ import annotations


def exactly(name: str) -> str:
    """Write a pattern that only one name fits."""
    escaped = "".join(f"\\{c}" if c in "\\*?[]{}!" else c for c in name)
    if len(name) > 1 and name.startswith("/") and name.endswith("/"):
        # Between slashes it would be a regular expression.
        return f"[/]{escaped[1:]}"
    return escaped
