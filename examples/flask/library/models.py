"""The models."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from library import db


class Book(db.Model):  # type: ignore[name-defined,misc]
    """A book on the shelf."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    copies: Mapped[int] = mapped_column(server_default="1")


class Loan(db.Model):  # type: ignore[name-defined,misc]
    """A book that somebody has at home."""

    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    reader: Mapped[str] = mapped_column(String(80))
    until: Mapped[date | None]
