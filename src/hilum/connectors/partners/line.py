"""The line to a partner: draws control numbers for each delivery, and hands it to the connector of the profile."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hilum.connector import (
    NO_NEEDS,
    ConnectorSettings,
    Destination,
    Inspected,
    Inspection,
    Needs,
    Outgoing,
    OverDatabase,
    Source,
    Target,
)
from hilum.connectors import find_destination, find_source
from hilum.connectors.http import Endpoint
from hilum.connectors.partners.cxml_endpoint import CxmlEndpoint
from hilum.connectors.partners.wrapping import WRAPPINGS
from hilum.errors import DatabaseUnavailable, Invalid, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.partners import FOLDER, Profile, Settled, register
from hilum.postgres import Database
from hilum.settings import interpolate

log = logging.getLogger("hilum.partners")

SPLITS: Final = {"x12": "x12-interchange", "edifact": "edifact-interchange", "cxml": "none", "ubl": "none"}
"""How files of a format are divided for flows that answer."""

FORMATS: Final = {"x12": "x12-interchange", "edifact": "edifact-interchange", "cxml": "cxml", "ubl": "ubl"}
"""How flows read what comes in a format."""


class _NoSettings(ConnectorSettings):
    """They are in the profile."""


class PartnerLine(Destination):
    """One route of a profile.

    The numbers are drawn and committed before the call, and belong to the delivery: each attempt sends the same bytes.
    One that is never made leaves a number that was drawn and not sent, which the register shows.
    """

    Settings = _NoSettings
    kind: ClassVar[str] = "partner"

    def __init__(self, profile: Profile, route: str) -> None:
        self.profile = profile
        self.route = route
        self._wrapping = WRAPPINGS[profile.format]
        self._settings = profile.send[route]
        self._inner = _destination(profile, route, _Anything(os.environ))  # what can be wrong is told at the start
        vars(self)["traits"] = replace(self._inner.traits, batch_limit=1)
        self._database: Database | None = None
        self._secret = ""
        self._opened = False

    def __repr__(self) -> str:
        return f"<PartnerLine {self.address}>"

    @property
    def address(self) -> str:
        """What flows call it."""
        return self.profile.endpoint(self.route)

    @property
    def can_tell(self) -> bool:
        """As the connector of the profile."""
        return self._inner.can_tell

    def over(self, database: Database) -> None:
        """Draw numbers there; the connector of the profile keeps there what it must not forget."""
        self._database = database

    async def open(self) -> None:
        """Open the connector of the profile. Raises `SettingsError`, `Down`."""
        if self._opened:
            return
        self._inner = _destination(self.profile, self.route, os.environ)
        self._secret = secret_of(self.profile, "secret", os.environ)
        if self._database is not None and isinstance(self._inner, OverDatabase):
            self._inner.over(self._database)
        await self._inner.open()
        self._opened = True

    async def close(self) -> None:
        """Close it."""
        self._opened = False
        await self._inner.close()

    async def check(self) -> str:
        """What the connector of the profile finds. Raises `Down`, `Rejected`."""
        return await self._inner.check()

    async def inspect(
        self, operations: Collection[str], known: Mapping[str, Any], needs: Mapping[str, Needs] = NO_NEEDS
    ) -> Inspection:
        """What the connector of the profile finds, such as the end of its keys. Raises a `Failure`."""
        if not isinstance(self._inner, Inspected):
            return Inspection(metadata={})
        return await self._inner.inspect(operations, known, needs)

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Draw, send, note that it was sent. The connector may raise a `Failure` as it does."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        database = self._database
        if database is None or not self._opened:
            return TryAgain("The line to the partner is closed.")
        try:
            parcel = self._wrapping.parcel(delivery.body)
            async with database.transaction() as connection:
                numbers = await register.draw(
                    connection,
                    self.profile,
                    message_id=delivery.message_id,
                    ordinal=delivery.ordinal,
                    flow=delivery.flow,
                    contents=parcel.contents,
                    groups=parcel.groups,
                )
            stamped = self._stamped(delivery, numbers)
        except DatabaseUnavailable as error:
            return TryAgain(f"No control number could be drawn: {error}")
        except (Invalid, ValueError) as error:
            return Rejected("invalid", f"It cannot be put into an interchange: {error}")
        (outcome,) = await self._inner.deliver([stamped])
        if not isinstance(outcome, Delivered):
            return outcome
        return await self._noted(delivery, numbers, outcome)

    async def _noted(self, delivery: Delivery, numbers: register.Drawn, outcome: Delivered) -> Delivered:
        """It is there: note so. Where the database is away the register catches up from the journal later."""
        try:
            assert self._database is not None  # noqa: S101 - looked at before
            async with self._database.transaction() as connection:
                await register.note_sent(connection, self.profile, delivery.message_id, delivery.ordinal)
                if (
                    isinstance(self._inner, CxmlEndpoint) and self.profile.acknowledges != "answer"
                ):  # the answer to the request says that it was taken
                    taken = Settled(
                        partner=self.profile.key, by="Response", interchange=str(numbers.number), others="accepted"
                    )
                    await register.settle(connection, taken)
        except DatabaseUnavailable as error:
            log.warning("%s: sent, and not yet noted in the register: %s", self.address, error)
        words = f"{outcome.words}; interchange {numbers.number}".removeprefix("; ")
        return replace(outcome, words=words)

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """Did it arrive, under its numbers? What has none was never sent. Raises `TryAgain`, `Down`."""
        database = self._database
        if database is None:
            raise TryAgain("The line to the partner is closed.")
        try:
            async with database.cold() as connection:
                numbers = await register.drawn(connection, delivery.message_id, delivery.ordinal)
        except DatabaseUnavailable as error:
            raise TryAgain(str(error)) from None
        if numbers is None:
            return None
        found = await self._inner.landed(self._stamped(delivery, numbers))
        return await self._noted(delivery, numbers, found) if isinstance(found, Delivered) else found

    def _stamped(self, delivery: Delivery, numbers: register.Drawn) -> Delivery:
        return replace(delivery, body=self._wrapping.stamped(delivery.body, self.profile, numbers, self._secret))


@dataclass(frozen=True, slots=True)
class Addressed:
    """A document to a partner: an X12 or EDIFACT draft, an interchange that answers, a cXML document."""

    partner: str  # key of the profile
    thing: Any


def send(*profiles: Profile) -> list[Target]:
    """Targets to the routes of these profiles: each thing goes to the first route that takes its kind of document.

    A document that no route takes is `Invalid` when it is translated: nothing disappears. Raises `SettingsError`.
    """
    known = frozenset(profile.key for profile in profiles)
    return [_target(profile, route, known) for profile in profiles for route in profile.send]


def _target(profile: Profile, route: str, known: Collection[str]) -> Target:
    wrapping = WRAPPINGS[profile.format]

    def encode(addressed: Addressed) -> Outgoing | None:
        if addressed.partner not in known:
            raise Invalid(f"this flow sends nothing to the partner {addressed.partner}")
        if addressed.partner != profile.key:
            return None
        where = f"{FOLDER}/{profile.key}.toml"
        if not isinstance(addressed.thing, wrapping.makes()):
            raise Invalid(f"this is no document in {profile.format}", where=where)
        code = wrapping.code_of(addressed.thing)
        taken_by = profile.route_of(code)
        if not taken_by:
            raise Invalid(f"the profile has no route for {code}", where=where)
        if taken_by != route:
            return None
        return Outgoing(body=wrapping.body(addressed.thing, profile), content_type=wrapping.content_type)

    line = PartnerLine(profile, route)
    return Target(endpoint=line.address, accepts=(Addressed,), encode=encode, connector=line)


def source_of(profile: Profile, route: str) -> Source:
    """The source that a route of receipt is. Raises `SettingsError` that names the profile."""
    return _source(profile, route, os.environ)


def check_routes(profile: Profile) -> None:
    """Are the settings of all routes such as the connectors want them? Variables need not be set.

    Raises `SettingsError` that names profile, route and setting.
    """
    anything = _Anything(os.environ)
    for route in profile.send:
        _destination(profile, route, anything)
    for route in profile.receive:
        _source(profile, route, anything)


def secret_of(profile: Profile, name: str, environment: Mapping[str, str]) -> str:
    """A secret of the section [cxml], with its variable replaced; empty: none is set. Raises `SettingsError`."""
    found = getattr(profile.cxml, name) if profile.cxml is not None else None
    if found is None:
        return ""
    try:
        return str(interpolate(found.get_secret_value(), environment, name))
    except SettingsError as error:
        raise SettingsError(f"{FOLDER}/{profile.key}.toml, [cxml] {error}") from None


class _Anything(dict[str, str]):
    """An environment in which everything is set: for looking at settings without their secrets."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key) or "1"

    def __getitem__(self, key: str) -> str:
        return super().get(key) or "1"


def _destination(profile: Profile, route: str, environment: Mapping[str, str]) -> Destination:
    chosen = profile.send[route]
    where = f"{FOLDER}/{profile.key}.toml, [send.{route}]"
    try:
        kind: Any = find_destination(chosen.kind)
        if profile.format == "cxml" and kind is Endpoint:
            kind = CxmlEndpoint
        made = kind(**interpolate(chosen.settings, environment))
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None
    assert isinstance(made, Destination)  # noqa: S101 - for the type checker
    return made


def _source(profile: Profile, route: str, environment: Mapping[str, str]) -> Source:
    chosen = profile.receive[route]
    where = f"{FOLDER}/{profile.key}.toml, [receive.{route}]"
    settings = dict(chosen.settings)
    format = chosen.format or profile.format
    if chosen.kind == "files":
        settings.setdefault("split", SPLITS[format])
    if chosen.kind == "http" and format == "cxml":
        settings.setdefault("answer", "cxml")
    try:
        kind: Any = find_source(chosen.kind)
        made = kind(**interpolate(settings, environment))
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None
    assert isinstance(made, Source)  # noqa: S101 - for the type checker
    return made
