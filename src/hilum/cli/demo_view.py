"""What the terminal shows while the demo runs: where to look, and the counts, live."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hilum.cli.output import out, plain
from hilum.journal.tallies import Count
from hilum.simulator.hospital import Counts


@dataclass(slots=True)
class Scene:
    """What there is to see."""

    odoo: str  # its address
    ours: bool  # it is the sandbox
    about_odoo: str
    folder: str
    user: str
    password: str = ""
    console: str = ""
    counts: list[Count] = field(default_factory=list)
    sent: Counts = field(default_factory=Counts)
    doing: str = ""  # what is going on now; empty: it is over


def announce(scene: Scene, *, first: bool) -> None:
    """Say where to look."""
    rows = {
        "Console": (scene.console, f"user {scene.user}, password {scene.password}"),
        "Odoo": (scene.odoo, scene.about_odoo),
        "Terminal": (f"hilum exceptions list -p {scene.folder}", "what waits for a person; see also hilum --help"),
    }
    width = max(len(place) for place, _ in rows.values())
    out.print()
    for name, (place, meaning) in rows.items():
        out.print(f"  [bold]{name:10}[/][cyan]{plain(place):{width}}[/]  {plain(meaning)}", soft_wrap=True)
    out.print()
    out.print(
        "  Suppliers, places and items come first, then patients and what is used on them."
        if first
        else "  Going on from what is stored."
    )
    out.print("  Ctrl-C stops everything.\n")


def picture(scene: Scene) -> RenderableType:
    """The counts of each flow, and a line about what is going on."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("flow", no_wrap=True)
    for column in ("received", "completed", "under way", "held", "duplicates"):
        table.add_column(column, justify="right", no_wrap=True)
    for name in sorted({count.flow for count in scene.counts if count.flow}):
        table.add_row(plain(name), *_cells([c for c in scene.counts if c.flow == name and not c.destination]))
    sent = scene.sent
    delivered = in_state([count for count in scene.counts if count.destination], "delivered")
    told = Text(
        f"The hospital sent {sent.sent} messages: {sent.accepted} taken, {sent.refused} refused, "
        f"{sent.errors + sent.unanswered} repeated. Odoo has {delivered} deliveries."
    )
    parts: list[RenderableType] = [table, Text(), told]
    if scene.doing:
        parts.append(Spinner("dots", text=Text(scene.doing, style="dim")))
    return Group(*parts)


def _cells(mine: list[Count]) -> list[str]:
    held = in_state(mine, "held")
    return [
        str(ever_in(mine, "received")),
        str(in_state(mine, "completed")),
        str(in_state(mine, "received") + in_state(mine, "routed")),
        f"[yellow]{held}[/]" if held else "0",
        str(ever_in(mine, "duplicate")),
    ]


def in_state(found: list[Count], state: str) -> int:
    """How many are in this state now."""
    return sum(count.now for count in found if count.state == state)


def ever_in(found: list[Count], state: str) -> int:
    """How many ever came into this state."""
    return sum(count.entered for count in found if count.state == state)
