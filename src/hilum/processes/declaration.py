"""A process: a durable workflow in plain Python, declared beside the flows.

    order = Process(
        "procurement.order", version="1.0", summary="An order from its approval to its payment",
        owners=Owners(business="Purchasing", technical="Integration"), states=ORDER, forms=[Approval],
    )
    order.starts_on(Requisition, key=lambda requisition: requisition.number)
    order.hears(Acknowledgement, key=lambda acknowledgement: acknowledgement.order)

    @order.run
    async def follow(run: Run, requisition: Requisition) -> str:
        answer = await run.ask(Task("Approve the requisition", Approval, team="Purchasing", due="P2D"))
        if not answer.approved:
            await run.move("refused")
            return "not approved"
        await run.move("order")
        await run.send("odoo.orders", requisition)
        acknowledged = await run.wait(Acknowledgement, within="P3D")
        …

The function is run again from its beginning after a crash, with what its finished steps came to: so it must do the same
each time. Everything that talks to the world is a step of `Run`: `send`, `wait`, `ask`, `move`, `step`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from hilum.errors import SettingsError
from hilum.flow import Criticality, DataClass, Owners
from hilum.processes.states import States

if TYPE_CHECKING:
    from hilum.processes.run import Run

Thing = TypeVar("Thing", bound=BaseModel)
Function = Callable[["Run", Any], Awaitable[str | None]]
"""What a run does; what it returns is its outcome in words."""

Migration = Callable[["Run", Any, "Snapshot"], Awaitable[str | None]]
"""How a run of an older version goes on: it gets what began it, and where it was."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run of an older version was when it was migrated."""

    version: str
    state: str
    outcome: Mapping[str, Any]  # what its steps named so by `run.step` came to


@dataclass(frozen=True, slots=True)
class Heard:
    """A type of object that a process listens to, and how it tells what the object is about."""

    type: type[BaseModel]
    key: Callable[[Any], str | None]
    starts: bool
    matters_late: bool = True  # does somebody have to look where one comes after the run of its key has ended?

    @property
    def topic(self) -> str:
        """What the object is called in the database."""
        return topic_of(self.type)


def topic_of(type_: type[BaseModel]) -> str:
    """The canonical name of an object's type, or its class's name."""
    return str(getattr(type_, "name", None) or type_.__name__)


class Process:
    """One workflow in one version.

    `forms`: the models of the answers to its tasks, for those who answer them. An older version whose runs are still
    open is kept beside the new one as `retired=True`: its runs finish on it, and nothing new starts there.
    `criticality`: of its tasks that say none of their own.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        summary: str,
        owners: Owners,
        states: States,
        data_class: DataClass = DataClass.INTERNAL,
        criticality: Criticality = Criticality.NORMAL,
        retention: str = "P7Y",
        retired: bool = False,
        forms: Sequence[type[BaseModel]] = (),
    ) -> None:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"A process cannot be called “{name}”: write small letters, digits, _ and dots.")
        self.name = name
        self.version = version
        self.summary = summary
        self.owners = owners
        self.states = states
        self.data_class = data_class
        self.criticality = criticality
        self.retention = retention
        self.retired = retired
        self.forms = {form.__name__: form for form in forms}
        self.heard: dict[str, Heard] = {}
        self.migrations: dict[str, Migration] = {}
        self._function: Function | None = None

    def __repr__(self) -> str:
        return f"<Process {self.workflow}>"

    @property
    def workflow(self) -> str:
        """Its name and version, as the engine knows it."""
        return f"{self.name}@{self.version}"

    @property
    def function(self) -> Function:
        """What its runs do. Raises `SettingsError` where nobody said."""
        if self._function is None:
            raise SettingsError(f"The process {self.name} {self.version} does nothing: write @….run above a function.")
        return self._function

    def starts_on(self, type_: type[Thing], key: Callable[[Thing], str | None], *, matters_late: bool = True) -> None:
        """Each such object begins a run, unless one for its key is open: then that run hears it.

        One whose key is none is not for this process. One that the run has not taken when it ends is a case, unless it
        does not matter then.
        """
        self.heard[topic_of(type_)] = Heard(type_, key, starts=True, matters_late=matters_late)

    def hears(self, type_: type[Thing], key: Callable[[Thing], str | None], *, matters_late: bool = True) -> None:
        """Such objects go to the run of their key. One that comes before its run waits for it.

        One that comes after its run has ended, or that the run has not taken when it ends, is a case, unless it does
        not matter then.
        """
        self.heard[topic_of(type_)] = Heard(type_, key, starts=False, matters_late=matters_late)

    def run(self, function: Function) -> Function:
        """Decorator: what a run does."""
        self._function = function
        return function

    def migrate(self, version: str) -> Callable[[Migration], Migration]:
        """Decorator: how runs of that older version go on, when a person moves them to this one."""

        def keep(function: Migration) -> Migration:
            self.migrations[version] = function
            return function

        return keep

    def problems(self) -> list[str]:
        """Why it cannot start, in words."""
        found = []
        if self._function is None:
            found.append("it does nothing: write @….run above a function")
        if not any(each.starts for each in self.heard.values()) and not self.retired:
            found.append("nothing starts it: say starts_on(…)")
        return found
