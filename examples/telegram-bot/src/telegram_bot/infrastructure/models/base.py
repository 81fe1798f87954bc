"""The models, all in one schema."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, MetaData, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from src.telegram_bot.settings import BotSettings

SCHEMA = BotSettings().DB_SCHEMA


class Base(DeclarativeBase):
    """Base of the models."""

    metadata = MetaData(schema=SCHEMA)


class Chat(Base):
    """A chat that the bot was invited to."""

    __tablename__ = "chats"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(128))
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Item(Base):
    """Something to be bought."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chat_id: Mapped[int] = mapped_column(
        ForeignKey(f"{SCHEMA}.chats.id", name="items_chat_id_fkey", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(200))
    bought_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("items_open", "chat_id", postgresql_where=text("bought_at IS NULL")),)
