"""Flows and projects made in a test: JSON messages with `id`, `key` and `n`, and a translation that passes them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from hilum.connector import Destination, Source, Target
from hilum.connectors.encoding import encode
from hilum.flow import DataClass, Flow, Lookup, Owners, Project, Slo
from hilum.settings import EncryptionSettings, HubSettings, IntakeSettings, Settings, WorkerSettings
from support.doubles import Receiver

MASTER_KEY = "iV9xQz0pT2m4YcW7bN1sK8fD3hG6jL5aR0uE9oI2wXs="
"""Payloads of protected flows are encrypted, and over a database that is not the hub's own it makes no key itself."""

OWNERS = Owners(business="Supply chain", technical="Integration")


def as_it_is(parsed: Any, _: Lookup) -> Any:
    """The translation that passes a message on."""
    return parsed


def target(receiver: Destination, endpoint: str = "memory.main", operation: str = "") -> Target:
    """A target that leads to a receiver in memory."""
    return Target(endpoint=endpoint, operation=operation, encode=encode, connector=receiver)


def make_flow(
    source: Source | None,
    *receivers: Receiver,
    name: str = "test.orders",
    translate: Callable[[Any, Lookup], Any] = as_it_is,
    **more: Any,
) -> Flow:
    """A flow from a feed to receivers (`memory.main`, `memory.1`, …), ordered by `key`, the same by `id`."""
    settings: dict[str, Any] = {
        "version": "1.0",
        "summary": "A test sends numbers",
        "owners": OWNERS,
        "data_class": DataClass.INTERNAL,
        "slo": Slo(percent=99, within="30s"),
        "retention": "P1Y",
        "order_by": lambda parsed: parsed.get("key", ""),
        "dedup_by": lambda parsed: parsed.get("id", ""),
    }
    flow = Flow(name, source=source, **{**settings, **more})
    flow.translate(translate)
    for number, receiver in enumerate(receivers):
        flow.deliver_to(target(receiver, f"memory.{number or 'main'}"))
    return flow


def make_project(
    folder: Path,
    *flows: Flow,
    lookups: Mapping[str, str] | None = None,
    worker: Mapping[str, Any] | None = None,
    intake: Mapping[str, Any] | None = None,
    encryption: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Project:
    """A project of these flows. `lookups`: text of each CSV file by its table; `sections`: others of hilum.toml."""
    for name, text in (lookups or {}).items():
        write_lookup(folder, name, text)
    settings = Settings(
        hub=HubSettings(name="test"),
        worker=WorkerSettings(**{"lease_seconds": 2.0, "stop_seconds": 5.0, **(worker or {})}),
        intake=IntakeSettings(**(intake or {})),
        encryption=EncryptionSettings(**{"key": SecretStr(MASTER_KEY), **(encryption or {})}),
        folder=folder,
        **sections,
    )
    for flow in flows:
        assert not flow.problems(), flow.problems()
    return Project(settings=settings, flows={flow.name: flow for flow in flows}, lookup=Lookup(folder / "lookups"))


def write_lookup(folder: Path, name: str, text: str) -> None:
    """Write a lookup table of a project, as a steward's editor does: at once."""
    (folder / "lookups").mkdir(exist_ok=True)
    draft = folder / "lookups" / f"{name}.draft"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / "lookups" / f"{name}.csv")


def order(number: int, key: str = "k", **more: Any) -> dict[str, Any]:
    """The n-th message of an ordering key."""
    return {"id": f"{key}-{number}", "key": key, "n": number, **more}
