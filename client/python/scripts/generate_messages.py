"""The messages: protoc's Python, and mypy-protobuf's types with the comments of the proto files."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

INCLUDE = Path(protoc.__file__).parent / "_proto"


def write(proto: Path, into: Path) -> FileDescriptorSet:
    """Write the messages of all files below `proto` into the folder `into`, and return what was read."""
    files = sorted(str(path.relative_to(proto)) for path in proto.glob("migrated/v1/*.proto"))
    plugin = Path(sys.executable).parent / "protoc-gen-mypy"
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        set_file = Path(folder) / "set"
        arguments = [
            "protoc",
            f"-I{proto}",
            f"-I{INCLUDE}",
            f"--python_out={folder}",
            f"--plugin=protoc-gen-mypy={plugin}",
            f"--mypy_out=quiet:{folder}",
            "--include_source_info",
            f"--descriptor_set_out={set_file}",
            *files,
        ]
        if protoc.main(arguments) != 0:
            raise SystemExit("protoc failed")
        into.mkdir(parents=True, exist_ok=True)
        for made in (Path(folder) / "migrated" / "v1").iterdir():
            shutil.copyfile(made, into / made.name)
        descriptors = FileDescriptorSet.FromString(set_file.read_bytes())
    (into / "__init__.py").write_text(_index(descriptors))
    return descriptors


def _index(descriptors: FileDescriptorSet) -> str:
    """Write the module that has every message and enum by its name."""
    lines = [
        '"""The messages of the package `migrated.v1`, as the proto files describe them. Generated."""',
        "",
    ]
    names: list[str] = []
    for file in sorted(descriptors.file, key=lambda file: file.name):
        module = Path(file.name).stem + "_pb2"
        own = sorted(item.name for item in [*file.message_type, *file.enum_type])
        names += own
        if own:
            lines.append(f"from migrated.v1.{module} import (")
            lines += [f"    {name}," for name in own]
            lines.append(")")
    lines += ["", "__all__ = [", *[f'    "{name}",' for name in sorted(names)], "]", ""]
    return "\n".join(lines)
