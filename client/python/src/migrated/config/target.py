"""Which target a call means: a named one, or a database URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

from migrated.config.loaded import Config, Rank
from migrated.errors.client import ConfigInvalid
from migrated.v1.target_pb2 import AdHocTarget, TargetRef

Target: TypeAlias = "str | TargetRef | None"
"""A target as calls take it: a database URL (with a colon), the name of a target, or the message itself."""

_DIALECTS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}


def target_ref(config: Config, target: Target = None) -> TargetRef:
    """Tell the target as requests carry it: the one that is given, else the configured one.

    An argument wins over variables, those over the file; `DATABASE_URL`, which other programs set too, wins only over
    the file's `database_url`.

    Raises:
        ConfigInvalid: There is no target, or one layer names both a target and a URL.
        LocalFile: `database_url_file` cannot be read.

    """
    if isinstance(target, TargetRef):
        return target
    if target is not None:
        return _by_url(config, target) if ":" in target else TargetRef(name=target)
    named = config.rank("target") or 0
    by_url = max(config.rank("database_url") or 0, config.rank("database_url_file") or 0)
    if named and named == by_url:
        raise ConfigInvalid(
            f"both a target and a database URL are set ({config.origin('target')})",
            next_command="give one of `target` and `database_url`",
        )
    if named > by_url:
        return TargetRef(name=config.text("target") or "")
    generic = config.variable("DATABASE_URL")
    if by_url and (by_url > Rank.FILE or generic is None):
        url = config.secret("database_url") or ""
        return _by_url(config, _expand(config, url) if config.rank("database_url") is Rank.FILE else url)
    if generic is None:
        raise ConfigInvalid(
            "no target: neither a name nor a database URL is given",
            next_command="give `target` or `database_url`, set DATABASE_URL, or put `target` in migratectl.toml",
        )
    return _by_url(config, generic)


def dialect_of(url: str) -> str | None:
    """Tell the dialect that a URL's scheme names; SQLAlchemy's `+driver` counts for nothing."""
    scheme, colon, _ = url.partition(":")
    return _DIALECTS.get(scheme.lower().partition("+")[0]) if colon else None


def url_for_daemon(url: str, project_dir: Path) -> str:
    """Write a database URL as the daemon, whose working directory is another, has to see it.

    SQLAlchemy's `sqlite:///relative.db` (three slashes) becomes `sqlite:////absolute/relative.db`.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not (scheme == "sqlite" or scheme.startswith("sqlite+")) or not rest.startswith("/"):
        return url
    file, mark, query = rest[1:].partition("?")
    if not file or file.startswith(("/", ":", "file:")):
        return url
    return f"{scheme}:///{project_dir / file.removeprefix('./')}{mark}{query}"


def _by_url(config: Config, url: str) -> TargetRef:
    return TargetRef(
        ad_hoc=AdHocTarget(
            url=url_for_daemon(url, config.project_dir),
            schema=config.text("database_schema") or "",
            version_table=config.text("version_table") or "",
            version_table_schema=config.text("version_table_schema") or "",
        )
    )


def _expand(config: Config, text: str) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            raise ConfigInvalid("`database_url` has a `${` without its `}`")
        known = config.variable(found[1])
        if known is None:
            raise ConfigInvalid(f"`database_url` names the variable {found[1]}, which is not set")
        return known

    return re.sub(r"\$\{(?:([^}]*)\})?", value, text)
