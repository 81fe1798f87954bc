"""The synchronous form: what stands in `_async`, without `async` and `await`.

One source for both is what keeps them the same. `seam.py` is written by hand on both sides: it has what the two worlds
do each in a way of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

SEAM = "seam.py"

RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^# Written by hand:.*\n", ""),
        (r"\basync (def|with|for)\b", r"\1"),
        (r"\bawait ", ""),
        (r"\bAwaitable\[(\w+)\]", r"\1"),
        (r", Awaitable\b|\bAwaitable, ", ""),
        (r"__a(iter|next|enter|exit)__", r"__\1__"),
        (r"\bAsync(Iterator|Iterable|Generator)\b", r"\1"),
        (r"\bStopAsyncIteration\b", "StopIteration"),
        (r"\bgrpc\.aio\.", "grpc."),
        (r"\bmigrated\._async\b", "migrated._sync"),
        (r"\bAsync([A-Z]\w+)", r"\1"),
        (r"\baclose\b", "close"),
    )
]
"""What is replaced by what, line by line and in this order."""


def hand_written(folder: Path) -> list[Path]:
    """Tell the files of the asyncio form that are not generated, relative to `folder`."""
    return [p.relative_to(folder) for p in sorted(folder.rglob("*.py")) if p.parent.name != "services"]


def write(asynchronous: Path, into: Path) -> None:
    """Write the synchronous form of all files below `asynchronous` into the folder `into`."""
    for path in sorted(asynchronous.rglob("*.py")):
        if path.name == SEAM:
            continue
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in RULES:
            text = pattern.sub(replacement, text)
        target = into / path.relative_to(asynchronous)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_marked(text), encoding="utf-8")


def _marked(text: str) -> str:
    """Tell in the first docstring that the file is generated."""
    if "Generated." in text.split('"""')[1]:
        return text
    return re.sub(r'^"""(.*?)"""', _with_mark, text, count=1, flags=re.DOTALL)


def _with_mark(found: re.Match[str]) -> str:
    return f'"""{found[1].rstrip()}\n\nGenerated from the asyncio form.\n"""'
