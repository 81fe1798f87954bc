"""Configuration: the same answers as `migratectl` gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bed.project import Project
from migrated import Config, errors
from migrated.channel import Address
from migrated.config.actor import actor
from migrated.config.keys import ARGUMENTS, KEYS, Settings
from migrated.config.target import dialect_of, target_ref, url_for_daemon

FILE = """
server = "https://example.org:7465"
token_file = "secrets/token"
dirs = ["db/one", "../shared"]
recursive = true
target = "stage"

[tls]
ca_file = "ca.crt"

[revision]
truncate_slug_length = 12
format = "yaml"

[embedded]
idle = "1m"
"""


def test_what_migratectl_shows_is_what_is_read(project: Project) -> None:
    (project.folder / "migratectl.toml").write_text(FILE)
    project.environ |= {
        "MIGRATECTL_PROJECT": "orders",
        "MIGRATECTL_TLS__KEY_FILE": "keys/a.key",
        "MIGRATECTL_RECURSIVE": "false",
        "MIGRATECTL_PORT_7465_TCP": "tcp://10.0.0.1:7465",
    }
    inside = project.folder / "migrations"
    config = Config.load(cwd=inside, environ=project.environ, database_schema="app")
    shown = json.loads(project.ctl("config", "--output", "json"))
    assert set(KEYS) <= set(shown), "every key is known to both"
    # `migratectl` was run in the project's folder and not in one inside of it: relative variables differ by that.
    at_top = Config.load(cwd=project.folder, environ=project.environ, database_url=project.url)
    for key, told in shown.items():
        # The form of the output was told as an argument.
        if key in KEYS and key != "output" and not KEYS[key].secret:
            assert _shown(at_top, key) == told["value"], key
    assert config.project_dir == project.folder
    assert config.project == "orders"
    assert config.text("database_schema") == "app"
    assert config.path("token_file") == project.folder / "secrets/token"
    assert config.path("tls.key_file") == inside / "keys/a.key"
    assert not config.switch("recursive")
    assert config.version_locations == [project.folder / "db/one", project.folder / "../shared"]


def _shown(config: Config, key: str) -> str | None:
    if key == "dirs":
        return json.dumps([str(path) for path in config.version_locations], separators=(",", ":"))
    found: Any = config.text(key) or config.path(key) or config.count(key) or None
    if KEYS[key].kind.value == "true or false":
        return str(config.switch(key)).lower()
    return None if found is None else str(found)


def test_arguments_are_the_keys() -> None:
    assert set(Settings.__annotations__) <= set(ARGUMENTS)
    # Those are of use to a terminal, or cannot be told in an argument.
    left_out = {"output", "color", "on_interrupt", "revision_post_write"}
    assert set(ARGUMENTS) - set(Settings.__annotations__) == left_out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("servre = 'x'", "did you mean `server`"),
        ("recursive = 'yes'", "not true or false"),
        ("dirs = 'x'", "not a list of paths"),
        ("[tls]\nca_fiel = 'x'", "did you mean `tls.ca_file`"),
        ("server = ", "migratectl.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "migratectl.toml").write_text(text)
    with pytest.raises(errors.ConfigInvalid) as caught:
        Config.load(cwd=tmp_path, environ={})
    assert told in str(caught.value)
    assert caught.value.code == "MG7002"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"MIGRATECTL_SERVRE": "x"}, "did you mean MIGRATECTL_SERVER?"),
        ({"MIGRATECTL_RECURSIVE": "1"}, "not true or false"),
        ({"MIGRATECTL_REVISION__POST_WRITE": "x"}, "migratectl.toml only"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused(
    tmp_path: Path, environ: dict[str, str], told: str
) -> None:
    with pytest.raises(errors.ConfigInvalid) as caught:
        Config.load(cwd=tmp_path, environ=environ)
    assert told in str(caught.value)


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigInvalid, match="did you mean `server`"):
        Config.load(cwd=tmp_path, environ={}, servr="x")  # type: ignore[call-arg]


def test_the_target_of_the_higher_layer_is_meant(tmp_path: Path) -> None:
    def meant(file: str = "", environ: dict[str, str] | None = None, **settings: Any) -> str:
        (tmp_path / "migratectl.toml").write_text(file)
        found = target_ref(Config.load(cwd=tmp_path, environ=environ or {}, **settings))
        return found.name or found.ad_hoc.url

    generic = {"DATABASE_URL": "postgresql://generic/d"}
    assert meant("target = 'prod'", generic) == "prod"
    assert meant("database_url = 'mysql://f/d'", generic) == "postgresql://generic/d"
    assert meant("target = 'prod'", {"MIGRATECTL_DATABASE_URL": "mysql://v/d"}) == "mysql://v/d"
    assert meant("target = 'prod'", generic, database_url="mysql://a/d") == "mysql://a/d"
    assert meant("database_url = 'mysql://${HOST}/d'", {"HOST": "h"}) == "mysql://h/d"
    with pytest.raises(errors.ConfigInvalid, match="HOST, which is not set"):
        meant("database_url = 'mysql://${HOST}/d'")
    with pytest.raises(errors.ConfigInvalid, match="without its"):
        meant("database_url = 'mysql://${HOST/d'")
    with pytest.raises(errors.ConfigInvalid, match="both a target"):
        meant(target="a", database_url="mysql://b/d")
    with pytest.raises(errors.ConfigInvalid, match="no target"):
        meant()


def test_secrets_are_never_shown_and_read_anew(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("first\n")
    config = Config.load(cwd=tmp_path, environ={}, token_file="t", database_url="mysql://u:hidden@h/d")
    assert config.secret("token") == "first"
    (tmp_path / "t").write_text("second\r\n")
    assert config.secret("token") == "second"
    assert "hidden" not in repr(config)
    both = Config.load(cwd=tmp_path, environ={}, token_file="t", token="x")
    with pytest.raises(errors.ConfigInvalid, match="both set"):
        both.secret("token")
    higher = Config.load(cwd=tmp_path, environ={"MIGRATECTL_TOKEN_FILE": "t"}, token="x")
    assert higher.secret("token") == "x"


def test_sqlite_urls_are_made_absolute() -> None:
    base = Path("/app")
    assert url_for_daemon("sqlite:///x.db", base) == "sqlite:////app/x.db"
    assert (
        url_for_daemon("sqlite+aiosqlite:///./d/x.db?mode=ro", base)
        == "sqlite+aiosqlite:////app/d/x.db?mode=ro"
    )
    for same in ("sqlite:////x.db", "sqlite:///:memory:", "sqlite://", "postgresql://h/x.db", "prod"):
        assert url_for_daemon(same, base) == same
    assert dialect_of("postgresql+asyncpg://h/d") == "postgresql"
    assert dialect_of("mariadb://h/d") == "mysql"
    assert dialect_of("oracle://h/d") is None


def test_addresses() -> None:
    def target(text: str, *, tls: bool = False) -> tuple[str, bool]:
        address = Address.parse(text, tls=tls)
        return address.target, address.secure

    assert target("http://h:1") == ("dns:///h:1", False)
    assert target("https://h") == ("dns:///h:443", True)
    assert target("h:1", tls=True) == ("dns:///h:1", True)
    assert target("[::1]:9") == ("dns:///[::1]:9", False)
    assert target("unix:/a/b") == target("unix:///a/b") == ("unix:/a/b", False)
    for text in ("", "h", "unix:", "ftp://h:1", "http://", "a b:1", "h:x"):
        with pytest.raises(errors.ConfigInvalid):
            Address.parse(text, tls=False)
    assert [
        Address.parse(t, tls=False).is_local for t in ("127.0.0.1:1", "[::1]:1", "10.0.0.1:1", "unix:/a")
    ] == [
        True,
        True,
        False,
        True,
    ]


def test_who_asks(tmp_path: Path) -> None:
    def who(**environ: str) -> str:
        return actor(Config.load(cwd=tmp_path, environ=environ))

    assert who(MIGRATECTL_ACTOR="me") == "me"
    assert who(GITHUB_REPOSITORY="a/b", GITHUB_REF="main") == "gha:a/b@main"
    assert who(CI_PROJECT_PATH="a/b", CI_COMMIT_REF_NAME="x") == "gitlab:a/b@x"
    assert who(TEAMCITY_PROJECT_NAME="p", BUILD_NUMBER="7") == "teamcity:p#7"
    assert "@" in who()
