"""What may be wrong with models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from migrated.errors import MigratedError


class ModelError(MigratedError):
    """Models that cannot be described, or a callable that cannot be asked.

    Attributes:
        where: The object concerned: `table 'user', column 'age'`.

    """

    STATE = "no target was touched: nothing was sent to be compared"
    NEXT = "change the model, or exclude the object with `include_object`"

    def __init__(self, message: str, *, where: str = "", next_command: str = "") -> None:
        super().__init__(message, next_command=next_command)
        self.where = where

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.where}: {text}" if self.where else text


@contextmanager
def described_at(where: str) -> Iterator[None]:
    """Tell which object it is that SQLAlchemy cannot write."""
    try:
        yield
    except ModelError as error:
        error.where = error.where or where
        raise
    except exc.SQLAlchemyError as error:
        raise ModelError(str(error), where=where) from error
