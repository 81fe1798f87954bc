"""The services: a class for each, with a typed method for each RPC, in the asyncio form."""

from __future__ import annotations

import re
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

SERVICE, METHOD = 6, 2
"""Field numbers in FileDescriptorProto and ServiceDescriptorProto, of which the paths of comments are made."""


def write(descriptors: FileDescriptorSet, into: Path) -> None:
    """Write a module for each service, and one that has them all, into the folder `into`."""
    into.mkdir(parents=True, exist_ok=True)
    homes = {
        f".{file.package}.{message.name}": (Path(file.name).stem + "_pb2", message.name)
        for file in descriptors.file
        for message in file.message_type
    }
    services: list[tuple[str, str, str]] = []
    for file in descriptors.file:
        comments = {tuple(at.path): _text(at.leading_comments) for at in file.source_code_info.location}
        for index, service in enumerate(file.service):
            stem = service.name.removesuffix("Service").lower()
            about = comments[SERVICE, index]
            methods = [
                (method, comments[SERVICE, index, METHOD, number])
                for number, method in enumerate(service.method)
            ]
            (into / f"{stem}.py").write_text(_module(file, service, about, methods, homes), encoding="utf-8")
            services.append((stem, service.name, about))
    (into / "__init__.py").write_text(_index(sorted(services)), encoding="utf-8")


def _text(comment: str) -> str:
    return " ".join(line.strip() for line in comment.splitlines()).strip()


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _module(
    file: FileDescriptorProto,
    service: ServiceDescriptorProto,
    about: str,
    methods: list[tuple[MethodDescriptorProto, str]],
    homes: dict[str, tuple[str, str]],
) -> str:
    modules = {homes[name][0] for method, _ in methods for name in (method.input_type, method.output_type)}
    streams = any(method.server_streaming for method, _ in methods)
    parts = [f'"""{about} Generated."""', "", "from __future__ import annotations", ""]
    if streams or any(method.client_streaming for method, _ in methods):
        names = ["AsyncIterator"] if streams else []
        names += ["AsyncIterable"] if any(method.client_streaming for method, _ in methods) else []
        parts += [f"from collections.abc import {', '.join(sorted(names))}", ""]
    parts.append("from migrated._async.wire import Method, Wire")
    parts.append(f"from migrated.v1 import {', '.join(sorted(modules))}")
    for method, _ in methods:
        request, response = (".".join(homes[name]) for name in (method.input_type, method.output_type))
        constant = _snake(method.name).upper()
        parts += [
            "",
            f"{constant} = Method(",
            f'    "/{file.package}.{service.name}/{method.name}",',
            f"    {request},",
            f"    {response},",
            ")",
        ]
    parts += ["", "", f"class Async{service.name}:", f'    """{about}"""', ""]
    parts += ["    def __init__(self, wire: Wire) -> None:", "        self._wire = wire"]
    for method, comment in methods:
        parts += ["", *_method(method, comment, homes)]
    return "\n".join(parts) + "\n"


def _method(method: MethodDescriptorProto, comment: str, homes: dict[str, tuple[str, str]]) -> list[str]:
    request, response = (".".join(homes[name]) for name in (method.input_type, method.output_type))
    name, constant = _snake(method.name), _snake(method.name).upper()
    doc = f'        """{comment}"""'
    if len(doc) > 110:
        first, _, rest = comment.partition(". ")
        doc = f'        """{first}.\n\n        {rest}\n        """'
    if method.client_streaming:
        return [
            f"    def {name}(",
            f"        self, requests: AsyncIterable[{request}], *, timeout: float | None = None",
            f"    ) -> AsyncIterator[{response}]:",
            doc,
            f"        return self._wire.exchange({constant}, requests, timeout)",
        ]
    if method.server_streaming:
        return [
            f"    def {name}(",
            f"        self, request: {request}, *, timeout: float | None = None",
            f"    ) -> AsyncIterator[{response}]:",
            doc,
            f"        return self._wire.stream({constant}, request, timeout)",
        ]
    return [
        f"    async def {name}(",
        f"        self, request: {request}, *, timeout: float | None = None",
        f"    ) -> {response}:",
        doc,
        f"        return await self._wire.unary({constant}, request, timeout)",
    ]


def _index(services: list[tuple[str, str, str]]) -> str:
    parts = ['"""The daemon\'s services. Generated."""', "", "from __future__ import annotations", ""]
    parts += [f"from migrated._async.services.{stem} import Async{name}" for stem, name, _ in services]
    parts += ["from migrated._async.wire import Wire", "", "", "class AsyncApi:"]
    parts += [
        '    """Every RPC of the daemon, with typed requests and answers. All share one connection."""',
        "",
    ]
    parts.append("    def __init__(self, wire: Wire) -> None:")
    for stem, name, about in services:
        parts += [f"        self.{stem}s = Async{name}(wire)", f'        """{about}"""']
    return "\n".join(parts) + "\n"
