"""The HTTP API: login, the chat page, and the documents that describe everything."""
