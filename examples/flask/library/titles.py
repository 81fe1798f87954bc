"""Titles in addresses."""

import re


def slug_of(title: str) -> str:
    """Write a title as it stands in an address: `The Trial` is `the-trial`."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
