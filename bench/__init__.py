"""The benchmark: the sandbox beside a bare aiohttp application that answers the same bytes and judges nothing."""
