"""A bot for Telegram that keeps shopping lists."""
