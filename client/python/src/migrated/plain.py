"""Messages of the schema model as the plain objects of its YAML and JSON files."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from migrated.v1.schema_pb2 import DefaultValue


def plain(message: Message) -> dict[str, Any]:
    """Write an operation, or an object of a schema, with the fields that are set, as the files name them."""
    return {field.name: _field(field, value) for field, value in message.ListFields()}


def _field(field: FieldDescriptor, value: Any) -> Any:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return dict(value)
    if field.is_repeated:
        return [_one(field, one) for one in value]
    return _one(field, value)


def _one(field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, DefaultValue) and value.WhichOneof("kind") == "sql":
        return value.sql
    if isinstance(value, Message):
        return plain(value)
    if field.enum_type is not None:
        return _word(field, value)
    return value


def _word(field: FieldDescriptor, number: int) -> str:
    """Write an enum's value without the enum's name: `cascade` for `FOREIGN_KEY_ACTION_CASCADE`."""
    kind = field.enum_type
    if kind is None:
        return str(number)
    name, zero = (kind.values_by_number[one].name for one in (number, 0))
    return name.removeprefix(zero.removesuffix("UNSPECIFIED")).lower()
