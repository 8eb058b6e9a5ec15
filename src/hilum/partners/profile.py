"""What is agreed with one trading partner, as a file of the project says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hilum.formats.cxml import Address
from hilum.formats.edifact import Partner as EdifactPartner
from hilum.formats.x12 import Partner as X12Partner

Format = Literal["x12", "edifact", "cxml", "ubl"]
"""How documents are written."""

Acknowledges = Literal["functional", "interchange", "answer", "nothing"]
"""How the partner says that it has a document: with 997, 999 or CONTRL; with TA1 or CONTRL; with its answer; not."""

Counted = Literal["interchanges", "groups", "groups_by_kind"]
"""What a partner numbers one after the other."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SendRoute(_Data):
    """Where documents go."""

    sets: tuple[str, ...] = Field(
        default=(), description="Documents that go there: 850, ORDERS, OrderRequest; empty: all", examples=[["850"]]
    )
    kind: str = Field(description="Connector: files, http, as2", examples=["files"])
    settings: dict[str, Any] = Field(
        default_factory=dict,
        repr=False,
        description="Settings of the connector; variables such as ${GLOVECO_PASSWORD} are replaced when it is opened",
    )


class ReceiveRoute(_Data):
    """Where documents come from."""

    format: Format | None = Field(default=None, description="Of what comes there; empty: that of the profile")
    kind: str = Field(description="Connector: files, http, as2", examples=["files"])
    settings: dict[str, Any] = Field(default_factory=dict, repr=False, description="Settings of the connector")


class CxmlParty(_Data):
    """How one side is named in the header of cXML."""

    domain: str = Field(default="NetworkId", min_length=1, description="Kind of the identity: NetworkId, DUNS")
    identity: str = Field(min_length=1, description="The identity there")


class CxmlAddress(_Data):
    """Who pays, as an OrderRequest must say."""

    name: str = Field(min_length=1, description="Name of the company")
    id: str = Field(default="", description="What the partner calls the address")
    street: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = Field(default="", pattern="^([A-Z]{2})?$", description="ISO 3166-1")

    @property
    def address(self) -> Address:
        """As the format has it."""
        return Address(**self.model_dump())


class CxmlPartner(_Data):
    """How cXML is exchanged with the partner."""

    ours: CxmlParty
    theirs: CxmlParty
    their_secret: SecretStr | None = Field(
        default=None,
        description="SharedSecret of what the partner sends: a document with another one is left out. It is not stored",
        examples=["${GLOVECO_THEIRS}"],
    )
    bill_to: CxmlAddress | None = Field(default=None, description="Empty: our identity")
    secret: SecretStr | None = Field(
        default=None,
        description="SharedSecret of what we send; put into a document only while it is sent, and kept nowhere",
        examples=["${GLOVECO_SECRET}"],
    )
    user_agent: str = Field(default="Hilum", description="UserAgent of the Sender")
    test: bool = Field(default=False, description="deploymentMode: test instead of production")
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="Where a document does not say it")


class Profile(_Data):
    """One trading partner."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of its file; endpoints and flows are called by it")
    name: str = Field(min_length=1, description="What people call it", examples=["Gloves Ltd"])
    supplier: str = Field(default="", description="The hub's supplier number", examples=["S-200"])
    format: Format = Field(description="What we write to it, and it to us unless a route says otherwise")
    zone: str = Field(default="UTC", description="Time zone of the times in envelopes", examples=["America/Chicago"])
    acknowledges: Acknowledges = Field(
        default="functional",
        description="How it says that it has a document: functional (997, 999, CONTRL), interchange (TA1, CONTRL that "
        "only says received), answer (855, ORDRSP: for partners without 997), nothing",
    )
    answer_within: timedelta = Field(
        default=timedelta(hours=24),
        gt=timedelta(0),
        description="What is not acknowledged by then is a case (ISO 8601)",
        examples=["PT4H"],
    )
    counts: tuple[Counted, ...] = Field(
        default=(),
        description="What it numbers without gaps: interchanges (ISA13, UNB 0020), groups (GS06), groups_by_kind (GS06 "
        "of each kind of group on its own); a number that is left out is then a case",
        examples=[["interchanges"]],
    )
    gap_after: timedelta = Field(
        default=timedelta(hours=4),
        gt=timedelta(0),
        description="A number that has not come by then, although a later one has, is a case (ISO 8601)",
        examples=["PT4H"],
    )
    first_number: int = Field(
        default=1, ge=1, le=999_999_998, description="First control number, where another translator has sent before"
    )
    items: Literal["as_sent", "lookup"] = Field(
        default="as_sent", description="Is the item number taken as it is sent, or looked up in the table `items`?"
    )
    item_types: tuple[str, ...] = Field(
        default=("IN", "BP"),
        description="EDIFACT: identifiers (7143) in the order in which one is taken as the item; '' has no type",
    )
    means: dict[str, str] = Field(
        default_factory=dict,
        description="Item qualifiers that it uses in its own way: { VP = 'UK' } where it sends GTINs as VP",
        examples=[{"VP": "UK"}],
    )
    x12: X12Partner | None = None
    edifact: EdifactPartner | None = None
    cxml: CxmlPartner | None = None
    send: dict[str, SendRoute] = Field(
        default_factory=dict, description="`[send.<name>]`: where our documents go; the first that takes one gets it"
    )
    receive: dict[str, ReceiveRoute] = Field(
        default_factory=dict, description="`[receive.<name>]`: where its documents come from"
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """The partners of the formats are called by the key."""
        if not isinstance(data, dict):
            return data
        made = dict(data)
        for name in ("x12", "edifact"):
            if isinstance(made.get(name), dict):
                made[name] = {"name": made.get("key", ""), **made[name]}
        return made

    @model_validator(mode="after")
    def _whole(self) -> Profile:
        """What is used is told."""
        formats = {self.format, *(route.format or self.format for route in self.receive.values())}
        for name in sorted(formats - {"ubl"}):
            if getattr(self, name) is None:
                raise ValueError(f"the section [{name}] is missing: who the two sides are in that format")
        if self.send and self.format == "ubl":
            raise ValueError("documents are not sent as ubl; say x12, edifact or cxml, and ubl in the route of receipt")
        answer = self.answers_with
        if answer and not self.route_of(answer):
            raise ValueError(f"nothing in [send] takes the {answer} with which its documents are answered")
        return self

    @property
    def answers_with(self) -> str:
        """What we answer interchanges of its format with: 997, 999, CONTRL; empty: with nothing."""
        if not any((route.format or self.format) == self.format for route in self.receive.values()):
            return ""
        if self.format == "x12" and self.x12 is not None:
            return "" if self.x12.answer == "none" else self.x12.answer
        if self.format == "edifact" and self.edifact is not None:
            return "CONTRL" if self.edifact.answers else ""
        return ""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("this is no time zone; write a name such as America/Chicago") from None
        return zone

    def local(self, at: datetime) -> datetime:
        """The moment in the time of its envelopes."""
        return at.astimezone(ZoneInfo(self.zone))

    def route_of(self, document: str) -> str:
        """The name of the route that a document (850, ORDERS, OrderRequest) takes; empty: none."""
        return next((name for name, route in self.send.items() if not route.sets or document in route.sets), "")

    def endpoint(self, route: str) -> str:
        """The destination that this route is, for flows and people: `partner.gloveco.orders`."""
        return f"partner.{self.key}.{route}"

    @property
    def parties(self) -> tuple[str, str]:
        """Us and them, as envelopes of its format name us: control numbers are unique for such a pair."""
        if self.format == "x12" and self.x12 is not None:
            pair = (self.x12.ours, self.x12.theirs)
            return f"{pair[0].qualifier}:{pair[0].id}", f"{pair[1].qualifier}:{pair[1].id}"
        if self.format == "edifact" and self.edifact is not None:
            own, their = self.edifact.ours, self.edifact.theirs
            return f"{own.qualifier}:{own.id}", f"{their.qualifier}:{their.id}"
        if self.cxml is not None:
            return self.cxml.ours.identity, self.cxml.theirs.identity
        return "", self.key
