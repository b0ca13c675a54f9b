"""The bare application: aiohttp's own routes and responses, the same bytes as the sandbox's answers, no judgement.

`PUT /bare` sets the one answer that every route gives from then on.
"""

import argparse
import asyncio
import base64
import json
from pathlib import Path

from aiohttp import web

PATHS = (
    ("GET", "/STU3/Appointment/{id}"),
    ("GET", "/STU3/Appointment/{id}/_history/{vid}"),
    ("GET", "/STU3/Appointment"),
    ("GET", "/STU3/metadata"),
    ("POST", "/STU3/Appointment"),
    ("PUT", "/STU3/Appointment/{id}"),
)


class Canned:
    """The answer."""

    status = 200
    headers: dict[str, str]
    body: bytes

    async def answer(self, request: web.Request) -> web.Response:
        """Read what was sent, and answer."""
        if request.body_exists:
            await request.read()
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    async def set(self, request: web.Request) -> web.Response:
        """Take another answer."""
        told = json.loads(await request.read())
        self.status, self.headers, self.body = told["status"], told["headers"], base64.b64decode(told["body"])
        return web.Response(status=204)


async def serve(ready_file: Path) -> None:
    """Serve for ever, as `web.run_app` does."""
    canned, app = Canned(), web.Application()
    app.router.add_put("/bare", canned.set)
    for method, path in PATHS:
        app.router.add_route(method, path, canned.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    beside = ready_file.with_name("ready.part")
    beside.write_text(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    beside.replace(ready_file)
    await asyncio.Event().wait()


def main() -> None:
    """Run on the loop that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    if options.loop == "uvloop":
        import uvloop

        uvloop.run(serve(options.ready_file))
    else:
        asyncio.run(serve(options.ready_file))


if __name__ == "__main__":
    main()
