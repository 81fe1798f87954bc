"""TLS, client certificates, tokens and sockets."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import trustme

from bed.driven import Make
from bed.project import Project
from migrated import errors

TOKENS = {"ci": "operate", "dash": "read"}


@pytest.fixture
def authority(project: Project) -> trustme.CA:
    """Makes an authority, a certificate for `localhost`, and its files beside the project."""
    made = trustme.CA()
    folder = project.folder.parent
    server = made.issue_cert("localhost")
    made.cert_pem.write_to_path(str(folder / "ca.crt"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(folder / "server.crt"))
    mine = made.issue_cert("client")
    mine.private_key_pem.write_to_path(str(folder / "mine.key"))
    mine.cert_chain_pems[0].write_to_path(str(folder / "mine.crt"))
    for name in TOKENS:
        (folder / f"{name}.token").write_text(f"secret-of-{name}\n")
    return made


def tokens() -> str:
    entries = (
        f'[[access.tokens]]\nname = "{name}"\nsha256 = "{hashlib.sha256(f"secret-of-{name}".encode()).hexdigest()}"\n'
        f'rights = ["{right}"]\n'
        for name, right in TOKENS.items()
    )
    return "".join(entries)


TLS = '[tls]\ncert_file = "server.crt"\nkey_file = "server.key"\n'


def secure(address: str) -> str:
    return "https://localhost:" + address.rpartition(":")[2]


@pytest.mark.usefixtures("authority")
def test_tls_and_token_from_files(project: Project, client: Make) -> None:
    project.three()
    beside = project.folder.parent
    server = secure(project.serve(sections=TLS + tokens()))
    good = {"server": server, "tls_ca_file": beside / "ca.crt", "token_file": beside / "ci.token"}
    with client(project.config(**good)) as c:
        assert c.upgrade("head").result().rows == ("c3",)
        assert next(iter(c.runs())).actor.startswith("ci")
    # Without a scheme, TLS is meant where it is configured.
    with client(project.config(**{**good, "server": server.removeprefix("https://")})) as c:
        assert list(c.current().rows) == ["c3"]
    by_name = {"server": server.replace("localhost", "127.0.0.1"), "tls_server_name": "localhost"}
    with client(project.config(**{**good, **by_name})) as c:
        assert list(c.current().rows) == ["c3"]
    with client(project.config(**{**good, "token_file": beside / "dash.token"})) as c:
        assert list(c.current().rows) == ["c3"]
        with pytest.raises(errors.PermissionDenied) as denied:
            c.downgrade("base").result()
        assert denied.value.code == "MG6002"


@pytest.mark.usefixtures("authority")
def test_what_is_not_let_in(project: Project, client: Make) -> None:
    project.three()
    beside = project.folder.parent
    server = secure(project.serve(sections=TLS + tokens()))
    ca = {"server": server, "tls_ca_file": beside / "ca.crt"}
    with client(project.config(**ca)) as c, pytest.raises(errors.Unauthenticated) as caught:
        c.upgrade("head").result()
    assert caught.value.code == "MG6001"
    with client(project.config(**ca, token="wrong")) as c, pytest.raises(errors.Unauthenticated) as caught:
        c.current()
    assert "wrong" not in str(caught.value)
    with client(project.config(**ca, token="a\nb")) as c, pytest.raises(errors.ConfigInvalid):
        c.current()
    # The system's authorities do not know ours.
    with client(project.config(server=server, token="x")) as c, pytest.raises(errors.DaemonUnreachable):
        c.current()
    plain = {**ca, "server": server.replace("https", "http")}
    with client(project.config(**plain)) as c, pytest.raises(errors.DaemonUnreachable):
        c.current()
    with (
        client(project.config(**ca, tls_cert_file=beside / "mine.crt")) as c,
        pytest.raises(errors.ConfigInvalid),
    ):
        c.current()
    with (
        client(project.config(server=server, tls_ca_file=beside / "none")) as c,
        pytest.raises(errors.LocalFile),
    ):
        c.current()


@pytest.mark.usefixtures("authority")
def test_a_client_certificate(project: Project, client: Make) -> None:
    project.three()
    beside = project.folder.parent
    sections = TLS + 'client_ca_file = "ca.crt"\n' + tokens()
    server = secure(project.serve(sections=sections))
    bare = {"server": server, "tls_ca_file": beside / "ca.crt", "token_file": beside / "ci.token"}
    with client(project.config(**bare)) as c, pytest.raises(errors.DaemonUnreachable):
        c.current()
    mine = {"tls_cert_file": beside / "mine.crt", "tls_key_file": beside / "mine.key"}
    with client(project.config(**bare, **mine)) as c:
        assert c.upgrade("head").result().rows == ("c3",)


@pytest.mark.usefixtures("authority")
def test_a_token_that_is_renewed_is_read_again(project: Project, client: Make) -> None:
    project.three()
    token = project.folder.parent / "renewed"
    token.write_text("of-yesterday")
    server = project.serve(sections=tokens())
    with client(project.config(server=server, token_file=token)) as c:
        with pytest.raises(errors.Unauthenticated):
            c.upgrade("head").result()
        token.write_text("secret-of-ci\n")
        assert c.upgrade("head").result().rows == ("c3",)


def test_a_unix_socket(project: Project, client: Make) -> None:
    project.three()
    path = Path(project.home, "d.sock")
    project.serve(f"unix:{path}")
    for address in (f"unix:{path}", f"unix://{path}"):
        with client(project.config(server=address)) as c:
            assert c.upgrade("head").result().rows == ("c3",)


def test_a_token_without_encryption_is_warned_of(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    from migrated.channel import configured_address

    configured_address(project.config(server="http://127.0.0.1:1", token="x"))
    assert not caplog.records
    configured_address(project.config(server="http://example.org:1", token="x"))
    assert "without encryption" in caplog.text
