"""What may be wrong with models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc


class ModelError(Exception):
    """Models that cannot be described, or a callable that cannot be asked.

    Attributes:
        message: The cause in one line.
        where: The object concerned: `table "user", column "age"`.
        state: What state things are in.
        next_command: What to do.
    """

    def __init__(self, message: str, *, where: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.state = "nothing was sent: no target was touched"
        self.next_command = next_command or "change the model, or exclude the object with `include_object`"

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\nstate: {self.state}\nnext: {self.next_command}"


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
