"""What the console works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from hilum.cases import Policy
from hilum.cases.resolution import Settled
from hilum.errors import SettingsError
from hilum.flow import Flow, Project
from hilum.masterdata.matching import KINDS
from hilum.observe import Telemetry
from hilum.postgres import Database
from hilum.processes import Process, processes_of
from hilum.reconcile import Comparison, comparisons_of
from hilum.runtime.endpoints import build_endpoints
from hilum.security import Permission, User
from hilum.settings import ConsoleSettings, RetryTable

MASKED = "••• (protected)"
"""In place of a text that may quote a protected payload."""


def _no_facts() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that pages and acts may use."""

    database: Database
    hub: str  # name of the hub, shown on every page
    project: Project | None = None  # what this hub runs; None: a console over the journal alone
    facts: Callable[[], Mapping[str, Any]] = field(default=_no_facts)  # live facts of this process, in words
    settled: Settled | None = None  # told within the transaction when a person ends a message (reports to senders)
    telemetry: Telemetry | None = None  # None: nothing is measured, and machines are told nothing
    session_hours: float | None = None  # None: as the project's settings say

    def flow(self, name: str) -> Flow | None:
        """The declaration of a flow; None where this hub does not know it (any more)."""
        return self.project.flows.get(name) if self.project else None

    @property
    def flows(self) -> Mapping[str, Flow]:
        """All flows of the project by name."""
        return self.project.flows if self.project else {}

    @cached_property
    def processes(self) -> Sequence[Process]:
        """All versions of all processes of the project, the current ones first."""
        found = processes_of(self.project) if self.project else []
        return sorted(found, key=lambda each: (each.retired, each.name))

    @cached_property
    def comparisons(self) -> Sequence[Comparison]:
        """The comparisons that the project declares."""
        return comparisons_of(self.project) if self.project else []

    def process(self, name: str, version: str = "") -> Process | None:
        """A process in this version, else (empty) in its current one; None where this hub does not know it."""
        return next((each for each in self.processes if each.name == name and version in ("", each.version)), None)

    def heard(self, name: str, version: str = "") -> Sequence[type[BaseModel]]:
        """The types of objects that a process hears; none where this hub does not know it."""
        process = self.process(name, version)
        return [each.type for each in process.heard.values()] if process is not None else ()

    @property
    def retries(self) -> RetryTable:
        """What `hilum.toml` says of repeating, by the criticality of a flow."""
        return self.project.settings.retry if self.project else RetryTable()

    @property
    def hours(self) -> float:
        """Hours after which a login ends."""
        if self.session_hours is not None:
            return self.session_hours
        return self.project.settings.console.session_hours if self.project else ConsoleSettings().session_hours

    def identifier(self, flow_name: str, value: str, user: User) -> str:
        """An identifier as this user may see it: those of protected flows name patients, so others see their end only.

        Whoever knows an identifier can search by it all the same.
        """
        return value if not value or self.may_see(flow_name, user) else _end_of(value)

    def name_of_thing(self, object_: str, identifier: str, user: User) -> str:
        """What a system calls a thing, as this user may see it: of patients and employees, others see the end only."""
        kind = KINDS.get(object_)
        needed = kind.shown_with if kind is not None else None
        return identifier if needed is None or user.may(needed) else _end_of(identifier)

    def words(self, flow_name: str, text: str, user: User) -> str:
        """What a receiver, a case or a reason says, as this user may see it: it may quote the payload.

        A text that belongs to no flow (a login) quotes none.
        """
        if not text or not flow_name or self.may_see(flow_name, user):
            return text
        return MASKED

    def may_see(self, flow_name: str, user: User) -> bool:
        """May this user see what messages of this flow say?"""
        return not self.protects(flow_name) or user.may(Permission.VIEW_PAYLOAD)

    @cached_property
    def deduplicating(self) -> Mapping[str, bool]:
        """Which destinations of the project recognise a repetition; nothing where that is not known here."""
        if self.project is None:
            return {}
        try:
            endpoints = build_endpoints(self.project.settings, self.flows.values())
        except SettingsError:  # a secret that this process does not have
            return {}
        return {name: endpoint.traits.deduplicates for name, endpoint in endpoints.items()}

    @property
    def policy(self) -> Policy:
        """Which acts need a second person."""
        if self.project is None:
            return Policy()
        return Policy(settings=self.project.settings.approvals, flows=self.flows)

    def protects(self, flow_name: str) -> bool:
        """Are payloads of this flow or process masked? Those of an unknown one are: nobody says they may be seen."""
        found = self.flow(flow_name) or self.process(flow_name)
        return found is None or not found.data_class.open


def _end_of(value: str) -> str:
    return f"•••{value[-3:]}" if len(value) > 6 else "•••"
