"""`hilum doctor` asks streams, also while a hub takes from them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_calls import Cli

from support.nats_servers import NatsServer

FLOW = """
from hilum.connectors import federation
from hilum.flow import DataClass, Flow, Owners, Slo

passed = Flow(
    "test.passed", version="1.0", summary="A test passes something on", owners=Owners(business="A", technical="B"),
    data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="30s"), retention="P1Y",
    source=federation.arrive(servers=["{url}"], stream="{stream}", connect_timeout=1),
)
passed.translate(federation.unchanged)
passed.deliver_to(federation.forward("nats.onward"))
"""


@pytest.fixture
def stream_url(tmp_path: Path) -> Iterator[str]:
    """A server that outlives the event loops of the commands."""
    loop = asyncio.new_event_loop()
    server = NatsServer(tmp_path / "nats")
    loop.run_until_complete(server.start())
    yield server.url
    loop.run_until_complete(server.kill())
    loop.close()


def project_with(folder: Path, url: str, stream: str) -> Path:
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "passed.py").write_text(FLOW.format(url=url, stream=stream))
    (folder / "hilum.toml").write_text(
        f'[console]\nport = 0\n[endpoints.nats.onward]\nservers = ["{url}"]\nsubject = "onward.{{flow}}"\n'
        'stream = "ONWARD"\ncreate_stream = { subjects = ["onward.>"] }\nconnect_timeout = 1\n'
    )
    return folder


@pytest.mark.req("UX-3")
def test_both_ends_are_asked(
    tmp_path: Path, stream_url: str, postgres_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    good = project_with(tmp_path / "good", stream_url, "ONWARD")
    cli("doctor", "-p", good)  # the destination makes the stream
    answer = cli("doctor", "-p", good)
    wrong = [line for line in answer.out.splitlines() if line.startswith("✗")]
    assert [line.split()[1] for line in wrong] == ["durability"], "the server of the tests runs without fsync"
    assert "stream ONWARD: 0 messages, 1 replicas, duplicate window 900 s" in answer.out


@pytest.mark.req("UX-3")
def test_what_is_not_there_is_told(
    tmp_path: Path, stream_url: str, postgres_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    answer = cli("doctor", "-p", project_with(tmp_path / "other", stream_url, "NONE"))
    assert answer.code == 1
    assert "stream NONE: stream not found" in answer.out
    answer = cli("doctor", "-p", project_with(tmp_path / "away", "nats://127.0.0.1:1", "NONE"))
    assert answer.code == 1
    assert answer.out.count("nats://127.0.0.1:1: no connection: Connection refused") == 2
