"""The destinations that the flows of a project lead to, by name."""

from __future__ import annotations

import os
from collections.abc import Iterable

from hilum.connector import Destination, Target
from hilum.connectors import find_destination
from hilum.errors import SettingsError
from hilum.flow import Flow
from hilum.settings import Settings, interpolate


def build_endpoints(settings: Settings, flows: Iterable[Flow]) -> dict[str, Destination]:
    """A destination for each endpoint that a target names. Raises `SettingsError` that names flow and endpoint.

    An endpoint is set up once: in `hilum.toml` as `[endpoints.<kind>.<name>]`, which is called `<kind>.<name>`, or with
    the target itself.
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
    return found


def _build(settings: Settings, flow: Flow, target: Target) -> Destination:
    kind, _, name = target.endpoint.partition(".")
    values = settings.endpoints.get(kind, {}).get(name)
    if values is not None:
        try:
            return find_destination(kind)(**interpolate(values, os.environ))
        except SettingsError as error:
            raise SettingsError(f"hilum.toml, [endpoints.{kind}.{name}]: {error}") from None
    if target.connector is not None:
        return target.connector
    raise SettingsError(
        f"The flow {flow.name} delivers to '{target.endpoint}', which is not set up: "
        f"add [endpoints.{kind}.{name or 'main'}] to hilum.toml."
    )
