"""What machines may ask a hub: `/metrics`, `/health/live`, `/health/ready`, and who may ask."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final

import orjson

from hilum.observe.exposition import render
from hilum.observe.instruments import Reading
from hilum.runtime.readiness import Part

METRICS: Final = "/metrics"
LIVE: Final = "/health/live"
READY: Final = "/health/ready"
PATHS: Final = frozenset({METRICS, LIVE, READY})

_FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-real-ip", "via"})
"""Headers of a proxy: what it passes on comes from elsewhere, though its own address is of this machine."""

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, for whichever server asks."""

    status: int
    content_type: str
    body: bytes


class Probe:
    """Answers. Whether a process lives and is ready is told to everybody, the rest to this machine or by token."""

    def __init__(
        self,
        token: str,
        readings: Callable[[], Awaitable[Sequence[Reading]]],
        readiness: Callable[[], Awaitable[Sequence[Part]]],
        refused: Callable[[], None],
    ) -> None:
        self._token = token.encode()
        self._readings = readings
        self._readiness = readiness
        self._refused = refused

    async def answer(self, path: str, peer: str, headers: Mapping[str, str]) -> Answer:
        """The answer to a GET of one of `PATHS`. `headers`: with names in lower case."""
        allowed = self._may(peer, headers)
        if path == LIVE:
            return _json(HTTPStatus.OK, {"status": "alive"})
        if path == READY:
            return self._ready(await self._readiness(), details=allowed)
        if not allowed:
            self._refused()
            words = "Metrics are for this machine only, or for who shows the token of [telemetry] token."
            return _json(HTTPStatus.UNAUTHORIZED if self._token else HTTPStatus.FORBIDDEN, {"error": words})
        body, content_type = render(await self._readings(), headers.get("accept", ""))
        return Answer(HTTPStatus.OK, content_type, body)

    def _ready(self, parts: Sequence[Part], *, details: bool) -> Answer:
        ready = all(part.ready for part in parts)
        told: dict[str, object] = {"status": "ready" if ready else "not ready"}
        if details:
            told["parts"] = [{"name": part.name, "ready": part.ready, "words": part.words} for part in parts]
        return _json(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, told)

    def _may(self, peer: str, headers: Mapping[str, str]) -> bool:
        if self._token:
            scheme, _, shown = headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token)
        return _is_this_machine(peer) and not _FORWARDED.intersection(headers)


def _is_this_machine(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _json(status: int, told: object) -> Answer:
    return Answer(status, _JSON, orjson.dumps(told))
