"""A chat keeps its shopping list; Telegram is played by this process."""

import asyncio
import json

import httpx
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from src.telegram_bot import schema
from src.telegram_bot.bot import Bot
from src.telegram_bot.settings import BotSettings

CHAT = {"id": -100200300400, "title": "The kitchen"}
ASKED = ["/buy milk", "/buy bread", "/bought milk", "/bought milk", "/list", "hello"]
ANSWERED = [
    "milk is on the list",
    "bread is on the list",
    "milk is off the list",
    "milk was not on the list",
    "bread",
    "/buy NAME, /bought NAME, /list",
]


async def main(settings: BotSettings) -> None:
    """Let the bot answer what is asked."""
    said: list[str] = []

    def telegram(request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        if request.url.path.endswith("/getUpdates"):
            first = told["offset"]
            updates = [
                {"update_id": number, "message": {"chat": CHAT, "text": text}}
                for number, text in enumerate(ASKED, start=1)
                if number >= first
            ]
            return httpx.Response(200, json={"ok": True, "result": updates})
        assert told["chat_id"] == CHAT["id"]
        said.append(told["text"])
        return httpx.Response(200, json={"ok": True})

    engine = create_async_engine(settings.DATABASE_URL)
    played = httpx.MockTransport(telegram)
    async with httpx.AsyncClient(transport=played, base_url="https://telegram.test/botTOKEN/") as client:
        bot = Bot(client, async_sessionmaker(engine))
        assert await bot.poll() == len(ASKED)
        assert await bot.poll() == 0
    await engine.dispose()
    assert said == ANSWERED, said


told = BotSettings()
if told.MIGRATE_AT_START:
    schema.upgrade(told)
asyncio.run(main(told))
print("served")
