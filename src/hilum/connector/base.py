"""What sources and destinations have in common: settings, promises, life."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: unknown names are an error, values never appear in error texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What differs between connectors; each line is a promise that the conformance suite checks."""

    batch_limit: int = 1  # the most deliveries that one call of `deliver` takes
    ordered: bool = True  # source: hands over in the order of the far side
    deduplicates: bool = False  # destination: the same idempotency key twice has one effect
    ledger: bool = False  # destination: what a call is to do is noted before it, and asked about after a loss
    redelivers: bool = False  # source: what was refused or not answered comes again by itself
    answers: bool = True  # source: the sender is told why one is refused; else the hub keeps it, held with a case


class Connector(ABC):
    """A live link to one outside system.

    Life: construct with settings (no I/O) → `open` → use → `close`. `close` may be called twice and while another
    call waits, which then ends. A closed connector can be opened again. All methods belong to one event loop.
    """

    Settings: ClassVar[type[ConnectorSettings]]
    kind: ClassVar[str]  # the name in hilum.toml and docs: `mllp`, `http`, `files`, `odoo`
    traits: ClassVar[Traits] = Traits()
    in_hub: ClassVar[bool] = False  # it leads to a part of the hub itself, and can be opened only in one that runs

    @abstractmethod
    async def open(self) -> None:
        """Start listening, or connect where that is worth keeping. Raises `SettingsError` or `Down`."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything. What was received and not answered stays with the sender."""

    async def check(self) -> str:
        """One harmless round trip to the other side, for `hilum doctor`; says in words what was found.

        Raises `Down` or `Rejected` with words that say what to do.
        """
        return "nothing to check"
