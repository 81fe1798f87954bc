"""A project that cannot be read."""

from __future__ import annotations


class ProjectError(Exception):
    """The project cannot be read; nothing was done yet, and `next_step` tells what to do.

    `detail` has more lines, such as where in `env.py` it was.
    """

    def __init__(self, message: str, next_step: str, detail: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step
        self.detail = detail

    @property
    def told(self) -> str:
        """Everything, as a person reads it."""
        lines = [f"error: {self}", *self.detail.splitlines()]
        return "\n".join([*lines, "state: nothing was done", f"next: {self.next_step}"])
