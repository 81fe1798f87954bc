"""What the bot answers: `/buy NAME`, `/bought NAME` and `/list`."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from src.telegram_bot.infrastructure.models import Chat, Item


@dataclass
class Bot:
    """A conversation with Telegram, by long polling (Bot API, getUpdates)."""

    telegram: httpx.AsyncClient
    sessions: async_sessionmaker[AsyncSession]
    seen: int = 0

    async def poll(self) -> int:
        """Answer what has come since the last time; tell how many messages."""
        asked = await self.telegram.post("getUpdates", json={"offset": self.seen + 1, "timeout": 50})
        updates = asked.raise_for_status().json()["result"]
        for each in updates:
            if message := each.get("message"):
                text = await self.answer(message["chat"], message.get("text", ""))
                sent = await self.telegram.post(
                    "sendMessage", json={"chat_id": message["chat"]["id"], "text": text}
                )
                sent.raise_for_status()
            self.seen = each["update_id"]
        return len(updates)

    async def answer(self, chat: dict[str, Any], text: str) -> str:
        """Do what a message asks, and say what to answer."""
        command, _, name = text.strip().partition(" ")
        async with self.sessions.begin() as database:
            title = chat.get("title") or chat.get("first_name") or str(chat["id"])
            added = insert(Chat).values(id=chat["id"], title=title)
            await database.execute(
                added.on_conflict_do_update(
                    index_elements=[Chat.id], set_={"title": title, "seen_at": func.now()}
                )
            )
            match command, name:
                case "/buy", str(name) if name:
                    database.add(Item(chat_id=chat["id"], name=name))
                    return f"{name} is on the list"
                case "/bought", str(name) if name:
                    of_it = (Item.chat_id == chat["id"], Item.name == name, Item.bought_at.is_(None))
                    bought = update(Item).where(*of_it).values(bought_at=func.now()).returning(Item.id)
                    found = (await database.scalars(bought)).all()
                    return f"{name} is off the list" if found else f"{name} was not on the list"
                case "/list", "":
                    wanted = select(Item.name).where(Item.chat_id == chat["id"], Item.bought_at.is_(None))
                    names = (await database.scalars(wanted.order_by(Item.id))).all()
                    return "\n".join(names) or "nothing to buy"
                case _:
                    return "/buy NAME, /bought NAME, /list"
