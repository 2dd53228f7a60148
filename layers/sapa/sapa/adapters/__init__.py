"""Where the bot touches AWS; the services' errors never leave this package."""
