"""The asyncio shells around the core: sockets, HTTP, timers and invocations."""
