"""The only users of aiohttp: sockets, HTTP, and the plain values that the rest of the house speaks."""
