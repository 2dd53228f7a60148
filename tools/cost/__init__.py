"""What the bot costs on AWS: measured calls, durations and sizes, times prices."""
