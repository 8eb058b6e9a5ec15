"""The hours in which destinations may be called, and those in which teams work, as hilum.toml says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from hilum.connector import Tables
from hilum.errors import SettingsError
from hilum.flow.promises import Criticality
from hilum.flow.schedule import Windows
from hilum.settings import Settings


def hours_of(settings: Settings, tables: Tables) -> Mapping[str, Windows]:
    """By destination; one that may be called at all times is missing. Raises `SettingsError` that names the section."""
    found: dict[str, Windows] = {}
    for name, one in settings.destinations.items():
        weeks = [one.window] if isinstance(one.window, str) else one.window
        where = f'hilum.toml, [destinations."{name}"]'
        if not any(weeks):
            if one.zone or one.holidays:
                raise SettingsError(f'{where}: zone and holidays are for a window, for example "MON-FRI 06:00-18:00".')
            continue
        if not one.zone:
            raise SettingsError(f'{where}: window needs a zone, for example zone = "Europe/Berlin".')
        try:
            found[name] = Windows(*weeks, zone=one.zone, holidays=one.holidays)
            found[name].bind(tables)
        except SettingsError as error:
            raise SettingsError(f"{where}: {error}") from None
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class TeamHours:
    """When a team works. Empty: every team, each criticality."""

    team: str
    criticality: frozenset[Criticality]
    windows: Windows

    def fits(self, team: str, criticality: Criticality) -> bool:
        """Do the clocks of this team run in these hours only?"""
        return self.team in ("", team) and (not self.criticality or criticality in self.criticality)


def working_hours_of(settings: Settings, tables: Tables) -> tuple[TeamHours, ...]:
    """Of `[[desk.hours]]`, in their order: the first that fits counts. Raises `SettingsError` that names which."""
    found: list[TeamHours] = []
    for place, one in enumerate(settings.desk.hours, start=1):
        weeks = [one.window] if isinstance(one.window, str) else one.window
        try:
            windows = Windows(*weeks, zone=one.zone, holidays=one.holidays)
            windows.bind(tables)
        except SettingsError as error:
            raise SettingsError(f"hilum.toml, [[desk.hours]] {place}: {error}") from None
        found.append(TeamHours(one.team, frozenset(map(Criticality, one.criticality)), windows))
    return tuple(found)


def closed(hours: Mapping[str, Windows], now: datetime | None = None) -> dict[str, str]:
    """Destinations that may not be called now, and until when they wait, for people: `until Monday 06:00 (…)`."""
    at = now or datetime.now(UTC)
    return {name: windows.until_words(at) for name, windows in hours.items() if not windows.open_at(at)}
