"""Where the bot touches AWS; botocore's exceptions never leave this package."""
