"""The elements of an index, as SQLAlchemy writes them, taken apart."""

from __future__ import annotations

import re
from typing import Any

_NAME = r'(?:[^\W\d]\w*|"(?:[^"]|"")+"|`(?:[^`]|``)+`)'
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_QUOTES = {"'": "'", '"': '"', "`": "`"}


def index_item(text: str, engine: str) -> dict[str, Any]:
    """Take apart an element of `CREATE INDEX … (element, …)`.

    Args:
        text: The element, as SQLAlchemy writes it.
        engine: The daemon's word for the dialect.

    Returns:
        An index item of a description: a column or an expression, and what is said of it. What cannot be taken apart
        is an expression as a whole, of which the engine will say what it thinks.

    """
    text = text.strip()
    item = _postgres(text) if engine == "postgres" else _trailing(text, engine)
    return item if item is not None else {"expr": text}


def unquoted(name: str, *, folded: bool = False) -> str:
    """Take the quotes off a name; `folded`: one without quotes becomes lower case."""
    for quote in ('"', "`"):
        if len(name) > 1 and name.startswith(quote) and name.endswith(quote):
            return name[1:-1].replace(quote * 2, quote)
    return name.lower() if folded else name


def enclosed(text: str) -> bool:
    """Tell whether one pair of parentheses stands around a whole text."""
    return text.startswith("(") and _closing(text, 0) == len(text)


def bare(text: str) -> str:
    """Take the parentheses off that stand around a whole text."""
    text = text.strip()
    while enclosed(text):
        text = text[1:-1].strip()
    return text


def outside_quotes(text: str, pattern: str) -> re.Match[str] | None:
    """Find where a pattern fits first, outside of strings and quoted names."""
    found = re.compile(pattern, re.IGNORECASE)
    at = 0
    while at < len(text):
        if text[at] in _QUOTES:
            at = _end_of_quoted(text, at)
            continue
        match = found.match(text, at)
        if match is not None:
            return match
        at += 1
    return None


def _postgres(text: str) -> dict[str, Any] | None:
    """Read `{ column | call | ( expression ) } [COLLATE c] [class] [ASC | DESC] [NULLS …]`."""
    item: dict[str, Any] = {}
    if text.startswith("("):
        end = _closing(text, 0)
        if end is None:
            return None
        item["expr"] = bare(text[:end])
    else:
        name = re.match(_DOTTED, text)
        if name is None:
            return None
        end = name.end()
        if text[end:].lstrip().startswith("("):
            closed = _closing(text, text.index("(", end))
            if closed is None:
                return None
            end = closed
            item["expr"] = text[:end]
        else:
            item["column"] = unquoted(name[0], folded=True)
    return _modifiers(text[end:].strip(), item)


def _modifiers(rest: str, item: dict[str, Any]) -> dict[str, Any] | None:
    while rest:
        word = re.match(
            rf"COLLATE\s+(?P<collation>{_DOTTED})|(?P<order>ASC|DESC)\b|NULLS\s+(?P<nulls>FIRST|LAST)\b|(?P<class>{_DOTTED})",
            rest,
            re.IGNORECASE,
        )
        if word is None:
            return None
        end = word.end()
        if word["collation"]:
            item["collation"] = word["collation"]
        elif word["order"]:
            if word["order"].upper() == "DESC":
                item["desc"] = True
        elif word["nulls"]:
            item["nulls"] = word["nulls"].lower()
        elif "opclass" in item:
            return None
        else:
            if rest[end:].lstrip().startswith("("):
                closed = _closing(rest, rest.index("(", end))
                if closed is None:
                    return None
                end = closed
            item["opclass"] = rest[:end]
        rest = rest[end:].strip()
    # NULLs stand there anyway.
    if item.get("nulls") == ("first" if item.get("desc") else "last"):
        del item["nulls"]
    return item


def _trailing(text: str, engine: str) -> dict[str, Any]:
    """Read `{ column | expression } [COLLATE c] [ASC | DESC]` of SQLite, or the same of MySQL with a prefix length."""
    item: dict[str, Any] = {}
    order = re.search(r"\s+(ASC|DESC)\s*$", text, re.IGNORECASE)
    if order is not None:
        text = text[: order.start()].rstrip()
        if order[1].upper() == "DESC":
            item["desc"] = True
    if engine == "sqlite":
        collation = re.search(rf"\s+COLLATE\s+({_NAME})$", text, re.IGNORECASE)
        if collation is not None:
            text = text[: collation.start()].rstrip()
            item["collation"] = unquoted(collation[1])
    prefix = re.fullmatch(rf"({_NAME})\s*\(\s*(\d+)\s*\)", text)
    if engine == "mysql" and prefix is not None:
        return {"column": unquoted(prefix[1]), "length": int(prefix[2])} | item
    if re.fullmatch(_NAME, text):
        return {"column": unquoted(text)} | item
    return {"expr": bare(text)} | item


def _closing(text: str, start: int) -> int | None:
    """Find the place behind the parenthesis that closes the one at `start`."""
    depth, at = 0, start
    while at < len(text):
        if text[at] in _QUOTES:
            at = _end_of_quoted(text, at)
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at
    return None


def _end_of_quoted(text: str, start: int) -> int:
    """Find the place behind the string or quoted name that begins at `start`; a doubled quote is two of them."""
    end = text.find(text[start], start + 1)
    return len(text) if end < 0 else end + 1
