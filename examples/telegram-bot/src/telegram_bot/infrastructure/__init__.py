"""What the bot stands on."""
