"""The comment lines at the head of a revision file."""

from __future__ import annotations

from .script import Head


def header(head: Head, comment: str = "--") -> str:
    """Write them."""
    lines = [("revision", head.revision)]
    several = (
        ("down_revision", head.down_revision),
        ("depends_on", head.depends_on),
        ("branch_labels", head.branch_labels),
    )
    lines += [(key, ", ".join(values)) for key, values in several if values]
    if head.message:
        lines.append(("message", head.message))
    if head.created is not None:
        lines.append(("created", head.created))
    return "".join(f"{comment} {key}: {value}\n" for key, value in lines)
