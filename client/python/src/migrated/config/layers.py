"""The layers of the configuration: each turns its source into values by key and refuses keys that nobody knows."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from migrated.config.keys import ARGUMENTS, KEYS, Kind, nearest
from migrated.errors.client import ConfigInvalid

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "MIGRATECTL_"
"""The prefix of the variables."""

Value: TypeAlias = "str | bool | int | Path | list[Path] | list[dict[str, Any]]"
"""What a key may hold."""


def of_file(path: Path, text: str) -> dict[str, Value]:
    """Read the file's layer.

    Raises:
        ConfigInvalid: The text is not TOML, a key is unknown, or a value does not fit its key.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{path}: {error}") from None
    values: dict[str, Value] = {}
    for name, value in _leaves("", table):
        if name not in KEYS:
            raise _unknown(name, str(path))
        values[name] = _fitting(name, value, path.parent, f"`{name}` in {path}")
    return values


def of_variables(environ: Mapping[str, str], folder: Path) -> dict[str, Value]:
    """Read the variables' layer.

    A variable of our prefix that is no key is refused where it resembles one, and else left alone: container platforms
    set variables of that prefix for their own ends.

    Raises:
        ConfigInvalid: A variable is misspelt, or its value does not fit its key.

    """
    values: dict[str, Value] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower().replace("__", ".")
        if name not in KEYS:
            near = nearest(name)
            if variable == f"{PREFIX}CONFIG" or near is None:
                continue
            wanted = PREFIX + near.upper().replace(".", "__")
            raise ConfigInvalid(f"unknown variable {variable}", next_command=f"did you mean {wanted}?")
        values[name] = _typed(KEYS[name].kind, text, folder, variable)
    return values


def of_arguments(settings: Mapping[str, object], folder: Path) -> dict[str, Value]:
    """Read the layer of a call's own arguments; `None` is as if it were not there.

    Raises:
        ConfigInvalid: An argument is unknown, or its value does not fit its key.

    """
    values: dict[str, Value] = {}
    for argument, value in settings.items():
        if value is None:
            continue
        name = ARGUMENTS.get(argument)
        if name is None:
            raise _unknown(argument, "the arguments")
        values[name] = _fitting(name, value, folder, f"`{argument}`")
    return values


def _leaves(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        dotted = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict) and any(key.startswith(f"{dotted}.") for key in KEYS):
            yield from _leaves(dotted, value)
        else:
            yield dotted, value


def _fitting(name: str, value: object, folder: Path, place: str) -> Value:
    kind = KEYS[name].kind
    if kind is Kind.TEXT and isinstance(value, str):
        return value
    if kind is Kind.SWITCH and isinstance(value, bool):
        return value
    if kind is Kind.COUNT and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if kind is Kind.PATH and isinstance(value, str | os.PathLike):
        return folder / value
    if (
        kind is Kind.PATHS
        and isinstance(value, list)
        and all(isinstance(v, str | os.PathLike) for v in value)
    ):
        return [folder / item for item in value]
    if kind is Kind.TABLES and isinstance(value, list) and all(isinstance(v, dict) for v in value):
        return value
    raise ConfigInvalid(f"{place}: {value!r} is not {kind.value}")


def _typed(kind: Kind, text: str, folder: Path, variable: str) -> Value:
    if kind is Kind.TEXT:
        return text
    if kind is Kind.PATH:
        return folder / text
    if kind is Kind.PATHS:
        return [folder / item for item in (part.strip() for part in text.split(",")) if item]
    if kind is Kind.SWITCH and text in {"true", "false"}:
        return text == "true"
    if kind is Kind.COUNT and text.isascii() and text.isdigit():
        return int(text)
    if kind is Kind.TABLES:
        raise ConfigInvalid(f"{variable}: can be set in migratectl.toml only")
    raise ConfigInvalid(f"{variable}: `{text}` is not {kind.value}")


def _unknown(name: str, place: str) -> ConfigInvalid:
    near = nearest(name)
    told = f"did you mean `{near}`?" if near else "`migratectl config` lists every key"
    return ConfigInvalid(f"unknown key `{name}` in {place}", next_command=told)
