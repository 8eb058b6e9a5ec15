"""A user's hub: a folder with `hilum.toml`, `flows/*.py`, `lookups/*.csv`, `samples/` and `tests/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hilum.canonical.times import zone
from hilum.errors import Invalid, SettingsError
from hilum.flow.declaration import Flow
from hilum.flow.hours import TeamHours, hours_of, working_hours_of
from hilum.flow.lookup import Lookup
from hilum.flow.modules import importable, module_of
from hilum.flow.schedule import Windows
from hilum.partners import FOLDER, Partners, load_partners
from hilum.settings import Settings, load_settings


class PartnerFlows:
    """A function of a flow file that makes flows of the project's trading partners; made by `with_partners`."""

    def __init__(self, function: Callable[[Partners], Iterable[Flow]]) -> None:
        self._function: Any = function

    def __call__(self, partners: Partners) -> list[Flow]:
        """The flows. Raises `SettingsError`."""
        try:
            return list(self._function(partners))
        except SettingsError:
            raise
        except Exception as error:  # a user's function may raise anything: name file and line
            path = Path(self._function.__code__.co_filename)
            raise SettingsError(f"{path}{_line_in(error, path)}: {type(error).__name__}: {error}") from error


def with_partners(function: Callable[[Partners], Iterable[Flow]]) -> PartnerFlows:
    """Decorator: the function gets the profiles in `partners/*.toml` when the project is read, and gives flows.

    So a partner is added by a file, and no flow is changed.
    """
    return PartnerFlows(function)


@dataclass(frozen=True, kw_only=True)
class Project:
    """Everything that a project folder declares."""

    settings: Settings
    flows: dict[str, Flow]
    lookup: Lookup
    partners: Partners = field(default_factory=Partners)
    declared: Sequence[object] = ()  # all module-level values of the files, for what is declared beside flows
    hours: Mapping[str, Windows] = field(init=False)  # of destinations that may not be called at all times
    working_hours: Sequence[TeamHours] = field(init=False)  # of teams; none: their clocks run around the clock

    def __post_init__(self) -> None:
        """Raises `SettingsError` where a schedule, or the hours of a destination or a team, cannot be."""
        vars(self)["hours"] = hours_of(self.settings, self.lookup)
        vars(self)["working_hours"] = working_hours_of(self.settings, self.lookup)
        for flow in self.flows.values():
            for schedule in [each.schedule for each in flow.sources if each.schedule is not None]:
                try:
                    schedule.bind(self.lookup)
                except SettingsError as error:
                    raise SettingsError(f"flow {flow.name}: {error}") from None

    @property
    def destinations(self) -> list[str]:
        """Names of the endpoints that the flows and their reports lead to."""
        targets = [target for flow in self.flows.values() for target in flow.every_target]
        return sorted({target.endpoint for target in targets})

    def limits_in_words(self, destination: str, now: datetime) -> str:
        """The hours, rates and callers of a destination, as far as they are set; while it is closed, until when."""
        hours, limits = self.hours.get(destination), self.settings.destinations.get(destination)
        said = [limits.in_words()] if limits is not None else []
        if hours is not None:
            closed = "" if hours.open_at(now) else f"; waits {hours.until_words(now)}"
            said.append(f"{hours.words()}{closed}")
        return "; ".join(each for each in said if each)

    @property
    def folder(self) -> Path:
        """The project folder."""
        return self.settings.folder


def load_project(folder: Path) -> Project:
    """Read a project folder. Raises `SettingsError` that names the file and what is wrong with it."""
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Make a project with: hilum init {folder.name}")
    settings = load_settings(folder)
    partners = load_partners(folder / FOLDER)
    flows: dict[str, Flow] = {}
    declared: list[object] = []
    for path, values in _read(folder / "flows"):
        declared += values
        for flow in _flows_among(values, partners):
            if flow.name in flows:
                raise SettingsError(f"{path}: a flow named {flow.name} is already there.")
            if problems := flow.problems():
                raise SettingsError(f"{path}: flow {flow.name} cannot start: " + "; ".join(problems))
            flows[flow.name] = flow
    return Project(settings=settings, flows=flows, lookup=lookup_of(settings), partners=partners, declared=declared)


def lookup_of(settings: Settings) -> Lookup:
    """The lookup tables of a project folder, with days in its zone. Raises `SettingsError`."""
    try:
        zone(settings.hub.zone)
    except Invalid as error:
        raise SettingsError(f"hilum.toml, [hub] zone: {error}.") from None
    return Lookup(settings.folder / "lookups", zone=settings.hub.zone)


def _flows_among(values: Sequence[object], partners: Partners) -> list[Flow]:
    """Each once, also where it has two names; and those that are made for partners."""
    found = [value for value in values if isinstance(value, Flow)]
    made = dict.fromkeys(value for value in values if isinstance(value, PartnerFlows))
    return list(dict.fromkeys([*found, *(flow for function in made for flow in function(partners))]))


def _read(folder: Path) -> list[tuple[Path, list[object]]]:
    """The files, each with what it has as module-level names and none before it: what is imported counts once."""
    known: dict[int, object] = {}
    found = []
    with importable(folder):
        for path in sorted(folder.glob("*.py")):
            own = {id(value): value for value in _values_in(path) if id(value) not in known}
            known |= own
            found.append((path, [*own.values()]))
    return found


def _values_in(path: Path) -> list[object]:
    """What a file has as module-level names."""
    try:
        return list(vars(module_of(path)).values())
    except SettingsError:
        raise
    except Exception as error:  # a user's file may raise anything: name file and line
        raise SettingsError(f"{path}{_line_in(error, path)}: {type(error).__name__}: {error}") from error


def _line_in(error: BaseException, path: Path) -> str:
    """`, line 12`, where the error passed through that file."""
    at = error.__traceback__
    line = ""
    while at is not None:
        if Path(at.tb_frame.f_code.co_filename).resolve() == path.resolve():
            line = f", line {at.tb_lineno}"
        at = at.tb_next
    return line
