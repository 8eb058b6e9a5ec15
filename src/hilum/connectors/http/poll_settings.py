"""Everything an engineer sets for a source that asks a REST interface again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic.config import JsonDict

from hilum.connectors.tls import ClientTls

_SECONDS: JsonDict = {"unit": "s"}


class PollSettings(ClientTls):
    """Settings of a poll. TLS is spoken where the URL says https; `tls` need not be set."""

    url: HttpUrl = Field(
        description="What is asked with GET, with the parameters that never change",
        examples=["https://clm.example/api/contracts?page_size=100"],
    )
    name: str = Field(
        default="",
        description="Tells this poll from another one of the same URL; empty: there is none",
        examples=["eu"],
    )
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Headers of every request", examples=[{"X-Tenant": "hillside"}]
    )
    token: SecretStr | None = Field(
        default=None, description="Bearer token; empty: none is sent", examples=["${CLM_TOKEN}"]
    )
    every: float = Field(
        default=60, gt=0, description="Seconds between two looks", examples=[300], json_schema_extra=_SECONDS
    )
    tell: Literal["changed", "whole"] = Field(
        default="changed",
        description="A message for each thing that is new or changed (changed), or one for each look with all that is"
        " there (whole), to compare with",
        examples=["whole"],
    )
    items: str = Field(
        default="",
        description="Member of the answer with the list, dotted; empty: the answer is the list",
        examples=["data.contracts"],
    )
    item_id: str = Field(
        default="id", description="Member of each thing that names it, dotted", examples=["contract.number"]
    )
    changed: str = Field(
        default="",
        description="Member of each thing with the time of its last change, dotted: ISO 8601 with an offset, or seconds"
        " since 1970; empty: it has none, and every look reads everything",
        examples=["changed_at"],
    )
    since: str = Field(
        default="",
        description="Query parameter that asks for what was changed from a time on; empty: every look reads everything",
        examples=["changed_since"],
    )
    since_format: Literal["iso", "epoch"] = Field(
        default="iso", description="How that time is written: ISO 8601, or seconds since 1970", examples=["epoch"]
    )
    overlap: float = Field(
        default=300,
        ge=0,
        description="Seconds before the last change that was seen from which on it is asked again: what is committed"
        " late has an earlier time than what was read before it",
        examples=[900],
        json_schema_extra=_SECONDS,
    )
    read_all: float = Field(
        default=86_400,
        ge=0,
        description="Seconds after which a look reads everything once more, and finds what no time has told; 0: never",
        examples=[3600],
        json_schema_extra=_SECONDS,
    )
    ignore: tuple[str, ...] = Field(
        default=(),
        description="Members of each thing, dotted, whose change is no change",
        examples=[["links", "last_viewed_at"]],
    )
    next_page: str = Field(
        default="",
        description="Member of the answer with the URL of the next page, dotted; a Link header with rel=next is"
        " followed anyway",
        examples=["links.next"],
    )
    cursor: str = Field(
        default="",
        description="Member of the answer with what is asked for the next page by, dotted",
        examples=["meta.cursor"],
    )
    cursor_parameter: str = Field(
        default="cursor", description="Query parameter that takes that cursor", examples=["page_token"]
    )
    page_parameter: str = Field(
        default="",
        description="Query parameter with the number of the page, from 1, until one is empty",
        examples=["page"],
    )
    offset_parameter: str = Field(
        default="",
        description="Query parameter with how many things come before the page, until one is empty",
        examples=["offset"],
    )
    pages: int = Field(
        default=1_000, ge=1, description="The most pages of one look; past them it is a fault", examples=[100]
    )
    max_answer: int = Field(
        default=32 * 2**20,
        ge=1,
        description="Largest answer in bytes; of a look that is told whole, all its pages together",
        examples=[8388608],
        json_schema_extra={"unit": "bytes"},
    )
    connect_timeout: float = Field(
        default=10, gt=0, description="Seconds to wait for a connection", examples=[10], json_schema_extra=_SECONDS
    )
    timeout_total: float = Field(
        default=60, gt=0, description="Seconds for one answer altogether", examples=[30], json_schema_extra=_SECONDS
    )
    unanswered: int = Field(
        default=2_000, ge=1, description="Most things in hand that the journal does not have yet", examples=[500]
    )

    @field_validator("url")
    @classmethod
    def _no_login(cls, url: HttpUrl) -> HttpUrl:
        """A login in the URL would be shown wherever the address is."""
        if url.username or url.password:
            raise ValueError("put the login into token or headers, not into the URL")
        return url

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [each for each in (self.next_page, self.cursor, self.page_parameter, self.offset_parameter) if each]
        if len(ways) > 1:
            raise ValueError("say one way to the next page: next_page, cursor, page_parameter or offset_parameter")
        if self.since and not self.changed:
            raise ValueError("since needs changed: the member with the time of the last change")
        return self
