"""Messages of the model as the files write them."""

from __future__ import annotations

from migrated.plain import plain
from migrated.v1.operation_pb2 import Operation
from migrated.v1.schema_pb2 import Column, DefaultValue, ForeignKey, ForeignKeyAction, Index, Table


def test_only_what_is_set_is_written() -> None:
    column = Column(name="a", type="text", nullable=False, default=DefaultValue(sql="'x'"))
    assert plain(column) == {"name": "a", "type": "text", "nullable": False, "default": "'x'"}


def test_words_stand_without_the_name_of_their_enum() -> None:
    key = ForeignKey(columns=["a"], on_delete=ForeignKeyAction.FOREIGN_KEY_ACTION_SET_NULL)
    assert plain(key) == {"columns": ["a"], "on_delete": "set_null"}


def test_objects_and_keys_with_texts() -> None:
    index = Index(unique=True)
    getattr(index, "with")["fillfactor"] = "70"
    assert plain(index) == {"unique": True, "with": {"fillfactor": "70"}}


def test_an_operation_has_its_name_as_the_only_key() -> None:
    operation = Operation()
    operation.create_table.table.CopyFrom(Table(columns=[Column(name="a")]))
    assert plain(operation) == {"create_table": {"table": {"columns": [{"name": "a"}]}}}
