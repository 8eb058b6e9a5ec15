"""What sources and destinations get from outside the flows: the settings of `hilum.toml`, a memory, notes, turns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from hilum.connector import (
    AtEndpoint,
    Connector,
    Destination,
    OverDatabase,
    Remembers,
    Source,
    TakesNotes,
    TakesTurns,
    Target,
)
from hilum.connectors import find_destination
from hilum.errors import SettingsError
from hilum.flow import Flow
from hilum.journal.document_notes import DocumentNotes
from hilum.journal.memories import Memories
from hilum.postgres import Database
from hilum.runtime.server_turns import Servers
from hilum.settings import Settings, interpolate


def build_endpoints(
    settings: Settings, flows: Iterable[Flow], servers: Servers | None = None
) -> dict[str, Destination]:
    """A destination for each endpoint that a target names. Raises `SettingsError` that names flow and endpoint.

    An endpoint is set up once: in `hilum.toml` as `[endpoints.<kind>.<name>]`, which is called `<kind>.<name>`, or with
    the target itself. Without `servers` they are only to be checked, or are opened by themselves.
    """
    found: dict[str, Destination] = {}
    for flow in flows:
        for target in flow.every_target:
            if target.endpoint not in found:
                found[target.endpoint] = _build(settings, flow, target)
    for name in settings.destinations:
        if name not in found:
            raise SettingsError(
                f'hilum.toml, [destinations."{name}"]: no flow delivers there. There are: '
                f"{', '.join(sorted(found)) or 'none'}."
            )
    for destination in found.values():
        _queue(destination, servers)
    return found


def build_endpoint(settings: Settings, name: str) -> Destination:
    """The destination that `hilum.toml` sets up by this name, with or without flows. Raises `SettingsError`."""
    kind, _, short = name.partition(".")
    values = settings.endpoints.get(kind, {}).get(short)
    if values is None:
        raise SettingsError(f"'{name}' is not set up: add [endpoints.{kind}.{short or 'main'}] to hilum.toml.")
    try:
        return find_destination(kind)(**interpolate(values, os.environ))
    except SettingsError as error:
        raise SettingsError(f"hilum.toml, [endpoints.{kind}.{short}]: {error}") from None


def read_only_endpoints(settings: Settings, flows: Iterable[Flow], servers: Servers | None) -> dict[str, Destination]:
    """A connector to each endpoint that sources read from and no target leads to, so that it can be looked at."""
    kept = list(flows)
    written = {target.endpoint for flow in kept for target in flow.every_target}
    sources: list[Any] = [each for flow in kept for each in flow.sources if isinstance(each, AtEndpoint)]
    read = {source.endpoint for source in sources}
    names = {name for name in read - written if name}
    found = {name: build_endpoint(settings, name) for name in sorted(names)}
    for destination in found.values():
        _queue(destination, servers)
    return found


def furnish(source: Source, settings: Settings, database: Database | None, servers: Servers | None = None) -> None:
    """Give a source what it needs before it is opened. Raises `SettingsError` that names the endpoint.

    Without a database it is only to be checked, and remembers nothing; without `servers` it takes turns with nobody.
    """
    if isinstance(source, AtEndpoint) and source.endpoint:
        kind, _, name = source.endpoint.partition(".")
        values = settings.endpoints.get(kind, {}).get(name)
        if values is None:
            raise SettingsError(
                f"The source {source.address} needs an endpoint that is not set up: "
                f"add [endpoints.{kind}.{name or 'main'}] to hilum.toml."
            )
        try:
            source.reach(interpolate(values, os.environ))
        except SettingsError as error:
            raise SettingsError(f"hilum.toml, [endpoints.{kind}.{name}]: {error}") from None
    if isinstance(source, Remembers) and database is not None:
        source.remember(Memories(database).of)
    put_over(source, database)
    _queue(source, servers)


def lend(destination: Destination, name: str, database: Database) -> None:
    """Give a destination of a hub that runs what it needs of the hub's database before it is opened."""
    put_over(destination, database)
    if isinstance(destination, TakesNotes):
        destination.take_notes(DocumentNotes(database, name))


def _queue(connector: Connector, servers: Servers | None) -> None:
    if servers is not None and isinstance(connector, TakesTurns):
        connector.take_turns(servers.turns)


def put_over(connector: Connector, database: Database | None) -> None:
    """Give it the hub's database, if it is such a one."""
    if database is not None and isinstance(connector, OverDatabase):
        connector.over(database)


def _build(settings: Settings, flow: Flow, target: Target) -> Destination:
    kind, _, name = target.endpoint.partition(".")
    if name in settings.endpoints.get(kind, {}):
        return build_endpoint(settings, target.endpoint)
    if target.connector is not None:
        return target.connector
    raise SettingsError(
        f"The flow {flow.name} delivers to '{target.endpoint}', which is not set up: "
        f"add [endpoints.{kind}.{name or 'main'}] to hilum.toml."
    )
