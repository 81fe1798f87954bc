"""The models."""

from datetime import datetime, timezone

from sqlalchemy import DateTime, ForeignKey, MetaData, String, Text, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from notes.enums import Role, SafeEnum, Visibility

Moment = DateTime(timezone=True)
"""Every moment has a time zone."""


class Base(DeclarativeBase):
    """Base of the models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """Somebody who reads and writes."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(30), unique=True)
    role: Mapped[Role] = mapped_column(SafeEnum(Role, name="role"), server_default="reader")
    joined_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    tokens: Mapped[list["RefreshToken"]] = relationship(cascade="all, delete-orphan")


class RefreshToken(Base):
    """What a session is renewed with."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("digest"),)

    def expired(self) -> bool:
        """Tell whether its time is over."""
        return self.expires_at <= datetime.now(timezone.utc)


class Note(Base):
    """Something that somebody wrote."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    visibility: Mapped[Visibility] = mapped_column(
        SafeEnum(Visibility, name="visibility"), server_default="private"
    )
    written_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
