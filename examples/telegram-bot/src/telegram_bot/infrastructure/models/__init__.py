"""All models."""

from src.telegram_bot.infrastructure.models.base import Base, Chat, Item

__all__ = ["Base", "Chat", "Item"]
