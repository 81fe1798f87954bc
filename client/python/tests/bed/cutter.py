"""A proxy that cuts connections after so many bytes of the answer."""

from __future__ import annotations

import contextlib
import socket
import threading


class Cutter:
    """Passes bytes on between a client and a daemon, and cuts the first connections where it is told to.

    Attributes:
        address: Where it listens.
        passed: Bytes of the answers of each connection, in order.
    """

    def __init__(self, daemon: str, cuts: list[int]) -> None:
        """Listen; connection `n` is cut after `cuts[n]` bytes of its answer, later ones never."""
        host, _, port = daemon.rpartition(":")
        self._daemon = (host, int(port))
        self._cuts = list(cuts)
        self.passed: list[int] = []
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening, and cut everything."""
        _shut(self._server)
        self._accepting.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._sockets.append(client)
                number = len(self.passed)
                self.passed.append(0)
                daemon = socket.create_connection(self._daemon)
                self._sockets.append(daemon)
                threading.Thread(target=self._pass, args=(client, daemon, None), daemon=True).start()
                threading.Thread(target=self._pass, args=(daemon, client, number), daemon=True).start()
        for one in self._sockets:
            _shut(one)

    def _pass(self, source: socket.socket, sink: socket.socket, number: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if number is None:
                    sink.sendall(data)
                    continue
                room = self._cuts[number] - self.passed[number] if number < len(self._cuts) else len(data)
                sink.sendall(data[:room])
                self.passed[number] += min(room, len(data))
                if room < len(data):
                    break
        _shut(source)
        _shut(sink)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
