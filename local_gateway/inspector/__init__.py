"""The live traffic page of a running gateway, at `/_gateway`."""
