"""State models: which states a thing may be in, and which moves are legal. Declared once; no I/O.

ORDER = States(
    "purchase order",
    {
        "requisition": ("approval", "refused"),
        "approval": ("order", "refused"),
        "order": ("acknowledged", "cancelled"),
        "acknowledged": (),
    },
    outside={"odoo": {"draft": "approval", "purchase": "order", "cancel": "cancelled"}},
)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hilum.errors import Invalid, SettingsError, Unmapped


@dataclass(frozen=True, slots=True)
class States:
    """The first state of `moves` is where everything begins; one that leads nowhere ends it.

    `outside` says, for each system, which of its states is which of ours; each must be named, for there is no default.
    """

    name: str
    moves: Mapping[str, Sequence[str]]
    outside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `SettingsError` where a state is named that is not there, or cannot be reached."""
        if not self.moves:
            raise SettingsError(f"The state model {self.name} has no states.")
        known = set(self.moves) | {to for leads in self.moves.values() for to in leads}
        for system, words in self.outside.items():
            if unknown := sorted(set(words.values()) - known):
                raise SettingsError(
                    f"The state model {self.name}: {system} is mapped to {', '.join(unknown)}, which is no state of it."
                )
        reached, ahead = {self.first}, [self.first]
        while ahead:
            new = set(self.after(ahead.pop())) - reached
            reached |= new
            ahead += new
        if lost := sorted(known - reached):
            raise SettingsError(f"The state model {self.name}: nothing leads to {', '.join(lost)}.")

    @property
    def first(self) -> str:
        """Where everything begins."""
        return next(iter(self.moves))

    @property
    def all(self) -> tuple[str, ...]:
        """All states, in the order in which they are named."""
        return tuple(dict.fromkeys([*self.moves, *(to for leads in self.moves.values() for to in leads)]))

    def after(self, state: str) -> tuple[str, ...]:
        """The states to which one may move from this one."""
        return tuple(self.moves.get(state, ()))

    def allow(self, at: str, to: str) -> bool:
        """Is that move legal? Staying is."""
        return to in self.all and (to == at or to in self.after(at))

    def check(self, at: str, to: str) -> None:
        """Is that move legal? Staying is. Raises `Invalid`, in words."""
        if to not in self.all:
            raise Invalid(f"{self.name}: there is no state “{to}”. There are: {', '.join(self.all)}.")
        if to != at and to not in self.after(at):
            legal = ", ".join(self.after(at)) or "nothing: it is the end"
            raise Invalid(f"{self.name}: it is “{at}” and cannot become “{to}”; from here it may become {legal}.")

    def of(self, system: str, state: str) -> str:
        """Our state for one of another system. Raises `Unmapped` where nobody said what it means."""
        found = self.outside.get(system, {}).get(state)
        if found is None:
            raise Unmapped(f"{self.name}, states of {system}", state)
        return found
