"""Everything an engineer sets for the feeds out of Odoo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic.config import JsonDict

from hilum.connector import ConnectorSettings

_SECONDS: JsonDict = {"unit": "s"}


class FeedSettings(ConnectorSettings):
    """What both feeds have in common."""

    endpoint: str = Field(
        default="",
        description="Name of the endpoint in hilum.toml; empty: its settings (url, api_key, …) are given with these",
        examples=["odoo.main"],
    )
    models: tuple[str, ...] = Field(
        min_length=1,
        description="Models whose changes this flow takes",
        examples=[["res.partner", "product.product"]],
    )
    fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Fields that are read, by model; `order_line.price_unit` is one of the lines, `*` stands for what "
        "is read of a model that is not named: all that are stored, without binaries, and the lines of documents; one "
        "with `?` behind it is read where this Odoo has it",
        examples=[{"res.partner": ["name", "vat", "active"], "purchase.order": ["*", "picking_ids.name"]}],
    )
    poll: float = Field(
        default=2.0,
        gt=0,
        description="Seconds between two looks; a hint shortens them",
        examples=[1.0],
        json_schema_extra=_SECONDS,
    )
    page: int = Field(
        default=500,
        ge=1,
        le=5000,
        description="Most records that one call reads",
        examples=[500],
        json_schema_extra={"unit": "records"},
    )
    unanswered: int = Field(
        default=2_000,
        ge=1,
        description="Most changes in hand that the journal does not have yet",
        examples=[500],
    )
    hint_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port for Odoo's webhooks, which only say that there is something to read; empty: none",
        examples=[8070],
    )
    hint_host: str = Field(default="127.0.0.1", description="Address on which hints are heard", examples=["192.0.2.10"])
    hint_path: SecretStr = Field(
        default=SecretStr("/odoo-changed"),
        description="Path of the hints. Odoo signs nothing, so put something into it that nobody guesses",
        examples=["/odoo-changed/a-word-that-nobody-guesses"],
    )

    @field_validator("fields")
    @classmethod
    def _has_fields(cls, fields: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if empty := [model for model, names in fields.items() if not names]:
            raise ValueError(f"no fields for {', '.join(empty)}: name some, or leave the model out to read all")
        return fields


class ChangesSettings(FeedSettings):
    """Settings of the feed by polling."""

    begin: Literal["new", "all"] = Field(
        default="new",
        description="The first time: what changes from now on, or all records as created",
        examples=["all"],
    )
    longest: float = Field(
        default=86_400.0,
        gt=0,
        description="The longest transaction of this Odoo (imports, scheduled actions): one that is committed later"
        " than that is found by the comparison only",
        examples=[172_800.0],
        json_schema_extra=_SECONDS,
    )
    compare: float = Field(
        default=60.0,
        gt=0,
        description="Seconds between two comparisons of what is there with what is known, which find deletions",
        examples=[300.0],
        json_schema_extra=_SECONDS,
    )
    verify: int = Field(
        default=200,
        ge=0,
        le=5000,
        description="Records that each comparison reads again in turn, whatever their dates say; 0: none",
        examples=[1000],
        json_schema_extra={"unit": "records"},
    )
    vanished: float = Field(
        default=10.0,
        gt=0,
        le=100,
        description="Share of a model's records that may be gone at once, or 100. Of these Odoo is asked by id whether "
        "they are there and hidden, which is not told as deleted; of more nothing is: the hub's user has rather lost a "
        "right",
        examples=[100.0],
        json_schema_extra={"unit": "%"},
    )


class OutboxSettings(FeedSettings):
    """Settings of the feed by the addon `hilum_outbox`."""
