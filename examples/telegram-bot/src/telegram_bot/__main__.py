"""Runs the bot: `python -m src.telegram_bot`."""

import asyncio

import httpx
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from src.telegram_bot import schema
from src.telegram_bot.bot import Bot
from src.telegram_bot.settings import BotSettings


async def run(settings: BotSettings) -> None:
    """Poll until the process is ended."""
    engine = create_async_engine(settings.DATABASE_URL)
    url = f"{settings.TELEGRAM_URL}/bot{settings.BOT_TOKEN}/"
    async with httpx.AsyncClient(base_url=url, timeout=60) as telegram:
        bot = Bot(telegram, async_sessionmaker(engine))
        while True:
            await bot.poll()


if __name__ == "__main__":
    told = BotSettings()
    if told.MIGRATE_AT_START:
        schema.upgrade(told)
    asyncio.run(run(told))
