"""A hub's side of an HTTP listener, and a client that posts to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from hilum.connector import Receipt, Received
from hilum.connectors import http
from hilum.message import new_id

LOCAL = "127.0.0.1"


class Side:
    """A hub's side: what came, and a client that posts."""

    def __init__(self, listener: http.Listener, session: aiohttp.ClientSession) -> None:
        self.listener = listener
        self.session = session
        self.taken: list[Received] = []

    async def post(self, body: Any, query: str = "", **headers: str) -> tuple[int, Any, Any]:
        """Status, JSON and headers of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.listener.address + query, data=body, headers=named) as answer:
            return answer.status, orjson.loads(await answer.read()), answer.headers


@asynccontextmanager
async def hub(refusal: Callable[[Received], Exception | None] = lambda _: None, **settings: Any) -> AsyncIterator[Side]:
    """A listener whose messages are accepted, or refused with what `refusal` gives."""
    listener = http.Listener(host=LOCAL, port=0, **settings)
    await listener.open()
    async with aiohttp.ClientSession() as session:
        side = Side(listener, session)

        async def serve() -> None:
            while received := await listener.receive():
                for each in received:
                    side.taken.append(each)
                    error = refusal(each)
                    await (each.refuse(error) if error else each.accept(Receipt(message_id=new_id())))

        task = asyncio.create_task(serve())
        try:
            yield side
        finally:
            await listener.close()
            await task
