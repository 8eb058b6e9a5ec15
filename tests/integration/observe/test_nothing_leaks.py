"""Marked patients and secrets go through every way to fail: no line, label, span or answer shows them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest

from hilum.connectors import http
from hilum.errors import DatabaseUnavailable, Down, Invalid, NotOwner, Refused, Rejected, TryAgain, Unmapped, Unsure
from hilum.flow import DataClass, Lookup
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Forgetful, takes_all
from support.looks import rows
from support.measured import measured
from support.otlp_receiver import OtlpReceiver
from support.projects import make_flow
from support.waits import Start

PATIENT = "Zzyzx-Okafor"
ACCOUNT = "ACC-99887766"
SECRETS = {
    "token": "t0k3n-of-the-probe",
    "collector": "c0llect0r-s3cret",
    "sender": "s3nder-s3cret",
    "far": "f4r-s3cret",
}
MARKS = (PATIENT, ACCOUNT, *SECRETS.values())


def _raises(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


_IN_TRANSLATION: dict[str, Callable[[], Any]] = {
    "defect": _raises(ValueError(f"invalid literal: '{PATIENT}'")),
    "key": lambda: {}[PATIENT],
    "invalid": _raises(Invalid(f"{PATIENT} is no number", where="PID-5")),
    "unmapped": _raises(Unmapped("items", PATIENT)),
    "not_owner": _raises(NotOwner(f"{PATIENT} is not yours")),
    "refused": _raises(Refused(f"{PATIENT} may not")),
    "nothing takes it": lambda: object(),
}


def _translate(parsed: Any, _: Lookup) -> Any:
    if way := _IN_TRANSLATION.get(parsed["way"]):
        return way()
    return parsed


_AT_THE_RECEIVER: dict[str, Outcome] = {
    "later": TryAgain(f"{PATIENT} is locked"),
    "unsure": Unsure(f"lost the answer about {PATIENT}"),
    "rejected": Rejected("test.no", f"{PATIENT} has no account {ACCOUNT}"),
}


def _behave(delivery: Delivery) -> Outcome:
    for way, outcome in _AT_THE_RECEIVER.items():
        if f'"way":"{way}"'.encode() in delivery.body:
            return outcome if delivery.attempt == 1 else takes_all(delivery)
    if b'"way":"breaks"' in delivery.body:
        raise RuntimeError(f"cannot encode {PATIENT}")
    if b'"way":"no answer"' in delivery.body:
        return None  # type: ignore[return-value]
    if b'"way":"down"' in delivery.body and delivery.attempt == 1 and not _was_down:
        _was_down.append(True)
        return Down(f"gone while {PATIENT} was sent")
    return takes_all(delivery)


_was_down: list[bool] = []


class Everything(logging.Handler):
    """Keeps all that a record holds, formatted and raw."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {vars(record)}")


@pytest.fixture
def everything() -> Iterator[Everything]:
    """All logs of all libraries, at the finest level."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.req("SEC-2", "OBS-1")
async def test_no_line_no_label_no_span_no_answer_shows_a_patient_or_a_secret(
    hub: Start, database: Database, everything: Everything
) -> None:
    _was_down.clear()
    feed, told = Feed(), []
    flow = make_flow(feed, Forgetful(_behave), data_class=DataClass.PHI, translate=_translate)
    flow.dedup_by = lambda parsed: parsed["id"]
    listener = http.Listener(host="127.0.0.1", port=0, token=SECRETS["sender"])
    over_http = make_flow(None, name="test.http", data_class=DataClass.PHI)
    over_http.source = listener
    # nobody is there: the call fails with the secret in its headers
    over_http.deliver_to(http.post("http.far", url="http://127.0.0.1:9/in", token=SECRETS["far"]))
    ways = [*_IN_TRANSLATION, *_AT_THE_RECEIVER, "breaks", "no answer", "down", "well"]
    async with OtlpReceiver() as far:
        settings = {
            "otlp_endpoint": far.url,
            "otlp_headers": {"Authorization": SECRETS["collector"]},
            "otlp_seconds": 1,
            "token": SECRETS["token"],
        }
        async with measured(hub, flow, over_http, settings=settings) as it:
            for number, way in enumerate(ways):
                told.append(await feed.send(_thing(number, way)))
            told.append(await feed.send(_thing(0, "other content under a known key")))
            for rubbish in (f'{{"name": "{PATIENT}'.encode(), b"\xff\xfe" + PATIENT.encode(), b"[" * 10_000):
                told.append(await feed.send(rubbish))
            told += await _over_http(listener)
            await _settled(database, len(ways))
            status, metrics = await it.get("/metrics", Authorization=f"Bearer {SECRETS['token']}")
            assert status == 200
            refused = await it.get("/metrics", Authorization=f"Bearer wrong {SECRETS['token']}")
            _, ready = await it.get("/health/ready", Authorization=f"Bearer {SECRETS['token']}")
        assert far.spans
        assert far.metrics
        shown = "\n".join(
            [*everything.lines, *map(str, told), metrics, str(refused), ready, repr(it.telemetry.settings)]
        )
        assert "held" in shown, "the lines were looked at"
        for mark in MARKS:
            assert mark not in shown, [line for line in shown.splitlines() if mark in line][:3]
            assert mark.encode() not in far.raw


def _thing(number: int, way: str) -> dict[str, Any]:
    return {"id": f"{ACCOUNT}-{number}", "key": f"{ACCOUNT}-{number}", "n": number, "name": PATIENT, "way": way}


async def _over_http(listener: http.Listener) -> list[str]:
    """What senders are told: a good one, one with a wrong token, one with rubbish."""
    told = []
    async with aiohttp.ClientSession() as session:
        for token, body in (
            (SECRETS["sender"], b'{"id": "1"}'),
            ("wrong", PATIENT.encode()),
            (SECRETS["sender"], b"{"),
        ):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
            async with session.post(listener.address, data=body, headers=headers) as answer:
                told.append(await answer.text())
    return told


async def _settled(database: Database, ways: int) -> None:
    """Until all that can is done and all others are held; the one that goes to nobody waits."""

    async def there() -> bool:
        found = await rows(
            database,
            "SELECT count(*) FROM message WHERE flow = 'test.orders' AND (state IN ('completed', 'held')"
            " OR EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = message.id AND d.state = 'held'))",
        )
        down = await rows(database, "SELECT count(*) FROM delivery WHERE flow = 'test.http' AND state = 'pending'")
        return found == [(ways + 1,)] and down == [(1,)]

    await eventually(there, lambda: "everything has come to its end")


def test_a_database_url_is_not_in_what_is_said_when_it_is_away(everything: Everything) -> None:
    async def away() -> str:
        database = Database("postgresql://hilum:p4ssw0rd@127.0.0.1:9/none")
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.open()
        await database.close()
        return str(caught.value)

    assert "p4ssw0rd" not in asyncio.run(away())
    assert not [line for line in everything.lines if "p4ssw0rd" in line]
