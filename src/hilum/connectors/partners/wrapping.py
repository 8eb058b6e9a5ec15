"""What is sent to a partner, by format: as a translation makes it, and as it leaves under the numbers drawn for it.

Between the two it is in the journal without control numbers of its own, and without secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from lxml import etree

from hilum.connectors.encoding import EDIFACT, X12, XML
from hilum.errors import Invalid
from hilum.formats import cxml, edifact, x12
from hilum.partners import CxmlPartner, Profile
from hilum.partners.contents import of_cxml, of_edifact, of_x12
from hilum.partners.register import Content, Drawn

_UNNUMBERED: Final = x12.Numbers(0, 0)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the register is told of a body."""

    contents: Sequence[Content]
    groups: int = 0


class Wrapping(Protocol):
    """One format."""

    content_type: str

    def makes(self) -> tuple[type, ...]:
        """The types that it takes from translations."""

    def code_of(self, thing: Any) -> str:
        """Which document it is, for the choice of the route: 850, ORDERS; of an answer 997, CONTRL."""

    def body(self, thing: Any, profile: Profile) -> bytes:
        """What goes into the journal. Raises `Invalid`."""

    def parcel(self, body: bytes) -> Parcel:
        """What is in it. Raises `Invalid`."""

    def stamped(self, body: bytes, profile: Profile, drawn: Drawn, secret: str) -> bytes:
        """What leaves. The same for the same numbers."""


class X12Wrapping:
    """Drafts of transaction sets, and whole interchanges: those that answer."""

    content_type = X12

    def makes(self) -> tuple[type, ...]:
        """See `Wrapping`."""
        return (x12.Draft, x12.Interchange)

    def code_of(self, thing: Any) -> str:
        """See `Wrapping`; an interchange of a TA1 alone is a TA1."""
        if isinstance(thing, x12.Draft):
            return thing.code
        return next((each.code for each in thing.sets), "TA1")

    def body(self, thing: Any, profile: Profile) -> bytes:
        """See `Wrapping`."""
        if isinstance(thing, x12.Interchange):
            return thing.encode()
        try:
            return x12.build(_x12(profile), [thing], numbers=_UNNUMBERED, at=_now(profile)).encode()
        except ValueError as error:
            raise Invalid(f"cannot be written as X12: {error}", where=thing.code) from None

    def parcel(self, body: bytes) -> Parcel:
        """See `Wrapping`."""
        interchange = x12.parse(body)
        return Parcel(of_x12(interchange), len(interchange.groups))

    def stamped(self, body: bytes, profile: Profile, drawn: Drawn, secret: str) -> bytes:
        """See `Wrapping`."""
        numbers = x12.Numbers(drawn.number, drawn.first_group)
        return x12.stamp(x12.parse(body), _x12(profile), numbers=numbers, at=profile.local(drawn.at)).encode()


class EdifactWrapping:
    """Drafts of messages, and whole interchanges: those that answer."""

    content_type = EDIFACT

    def makes(self) -> tuple[type, ...]:
        """See `Wrapping`."""
        return (edifact.Draft, edifact.Interchange)

    def code_of(self, thing: Any) -> str:
        """See `Wrapping`."""
        if isinstance(thing, edifact.Draft):
            return thing.type.partition(":")[0]
        return next((each.type for each in thing.messages), "")

    def body(self, thing: Any, profile: Profile) -> bytes:
        """See `Wrapping`."""
        if isinstance(thing, edifact.Interchange):
            return thing.encode()
        try:
            return edifact.build(_edifact(profile), [thing], reference="0", at=_now(profile)).encode()
        except ValueError as error:
            raise Invalid(f"cannot be written as EDIFACT: {error}", where=self.code_of(thing)) from None

    def parcel(self, body: bytes) -> Parcel:
        """See `Wrapping`."""
        return Parcel(of_edifact(edifact.parse(body)))

    def stamped(self, body: bytes, profile: Profile, drawn: Drawn, secret: str) -> bytes:
        """See `Wrapping`."""
        made = edifact.stamp(
            edifact.parse(body), _edifact(profile), reference=str(drawn.number), at=profile.local(drawn.at)
        )
        return made.encode()


class CxmlWrapping:
    """Requests, without a header: who sends, and the secret, are put on while it leaves."""

    content_type = XML

    def makes(self) -> tuple[type, ...]:
        """See `Wrapping`."""
        return (etree._Element,)

    def code_of(self, thing: Any) -> str:
        """See `Wrapping`."""
        return str(thing.tag)

    def body(self, thing: Any, profile: Profile) -> bytes:
        """See `Wrapping`."""
        return cxml.request(thing, test=_cxml(profile).test)

    def parcel(self, body: bytes) -> Parcel:
        """See `Wrapping`."""
        return Parcel(of_cxml(body))

    def stamped(self, body: bytes, profile: Profile, drawn: Drawn, secret: str) -> bytes:
        """See `Wrapping`. The identifier begins with the number, by which an answer is found again."""
        own = _cxml(profile)
        return cxml.addressed(
            body,
            sender=cxml.Identity(own.ours.domain, own.ours.identity),
            receiver=cxml.Identity(own.theirs.domain, own.theirs.identity),
            secret=secret,
            user_agent=own.user_agent,
            payload_id=_payload_id(drawn.number, drawn.at),
            at=profile.local(drawn.at),
            former=_payload_id(*drawn.former) if drawn.former is not None else "",
        )


def _payload_id(number: int, at: datetime) -> str:
    return f"{number}.{at:%Y%m%d%H%M%S}@hilum"


def _now(profile: Profile) -> datetime:
    return profile.local(datetime.now(UTC))


def _x12(profile: Profile) -> x12.Partner:
    if profile.x12 is None:
        raise Invalid(f"the profile of {profile.key} has no section [x12]")
    return profile.x12


def _edifact(profile: Profile) -> edifact.Partner:
    if profile.edifact is None:
        raise Invalid(f"the profile of {profile.key} has no section [edifact]")
    return profile.edifact


def _cxml(profile: Profile) -> CxmlPartner:
    if profile.cxml is None:
        raise Invalid(f"the profile of {profile.key} has no section [cxml]")
    return profile.cxml


WRAPPINGS: Final[dict[str, Wrapping]] = {
    "x12": X12Wrapping(),
    "edifact": EdifactWrapping(),
    "cxml": CxmlWrapping(),
}
"""The whole choice."""
