"""The way to the daemon: its address, transport security, and what a connection is like."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import grpc

from migrated._release import VERSION
from migrated.config.loaded import Config
from migrated.errors.client import ConfigInvalid, LocalFile

log = logging.getLogger("migrated")

LARGEST = 256 * 1024 * 1024
"""Largest message that is taken, in bytes: a history, or a revision with its file, may be large."""


@dataclass(frozen=True)
class Address:
    """Where a daemon listens.

    Attributes:
        shown: As it was written.
        target: As gRPC takes it.
        secure: Whether TLS is spoken.
        host: The host; empty for a Unix socket.

    """

    shown: str
    target: str
    secure: bool = False
    host: str = ""

    @classmethod
    def unix(cls, path: str | Path) -> Address:
        """Make the address of a Unix socket."""
        return cls(f"unix:{path}", f"unix:{path}")

    @classmethod
    def parse(cls, text: str, *, tls: bool) -> Address:
        """Read an address. A bare `host:port` is `https` where `tls` is configured, and `http` else.

        Raises:
            ConfigInvalid: It is none of the forms.

        """
        wrong = ConfigInvalid(
            f"`{text}` is no address of a daemon",
            next_command="write `http://host:port`, `https://host:port`, `host:port` or `unix:/path`",
        )
        if text.startswith("unix:"):
            path = text.removeprefix("unix:").removeprefix("//")
            if not path:
                raise wrong
            return cls.unix(path)
        bare = "://" not in text
        try:
            parts = urlsplit(f"{'https' if tls else 'http'}://{text}" if bare else text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        unknown = parts.scheme not in {"http", "https"} or parts.path not in {"", "/"}
        if unknown or not host or (bare and port is None) or any(c.isspace() for c in text):
            raise wrong
        secure = parts.scheme == "https"
        shown_host = f"[{host}]" if ":" in host else host
        return cls(text, f"dns:///{shown_host}:{port or (443 if secure else 80)}", secure, host)

    @property
    def is_local(self) -> bool:
        """Whether what is sent there stays on this machine."""
        if not self.host or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def configured_address(config: Config) -> Address | None:
    """Tell the configured daemon's address; `None` where the embedded one is meant.

    Raises:
        ConfigInvalid: It cannot be read.

    """
    server = config.text("server")
    if server is None:
        return None
    tls = any(config.rank(f"tls.{key}") for key in ("ca_file", "cert_file", "server_name"))
    address = Address.parse(server, tls=tls)
    has_token = config.rank("token") is not None or config.rank("token_file") is not None
    if has_token and not address.secure and not address.is_local:
        log.warning("the token travels to %s without encryption", server)
    return address


def credentials(config: Config) -> grpc.ChannelCredentials:
    """Read certificates and key from their files.

    Raises:
        ConfigInvalid: Only one of certificate and key is given.
        LocalFile: A file cannot be read.

    """
    certificate, key = _read(config, "tls.cert_file"), _read(config, "tls.key_file")
    if (certificate is None) != (key is None):
        raise ConfigInvalid("`tls.cert_file` and `tls.key_file` go together")
    return grpc.ssl_channel_credentials(_read(config, "tls.ca_file"), key, certificate)


def options(config: Config, address: Address) -> list[tuple[str, str | int]]:
    """Tell what a connection is like: as patient and as watchful as that of `migratectl`."""
    chosen: list[tuple[str, str | int]] = [
        ("grpc.primary_user_agent", f"migrated-python/{VERSION}"),
        ("grpc.max_receive_message_length", LARGEST),
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.http2.max_pings_without_data", 0),
        # How long a connection may take to come about.
        ("grpc.min_reconnect_backoff_ms", 10_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        # A daemon that was replaced has its predecessor's address, and is not to wait for its predecessor's pause.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
    ]
    name = config.text("tls.server_name")
    if not address.host:
        # A path is no authority: HTTP/2 servers refuse it.
        chosen.append(("grpc.default_authority", "localhost"))
    elif name is not None:
        chosen += [("grpc.ssl_target_name_override", name), ("grpc.default_authority", name)]
    return chosen


def _read(config: Config, key: str) -> bytes | None:
    path = config.path(key)
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalFile.of(path, "read", error) from error
