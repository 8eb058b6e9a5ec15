"""A state model as a drawing: its states and legal moves, the way that a run took, and where it is now. Inline SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hilum.console.markup import Html, join, tag

Move = tuple[str, str]

_HEIGHT, _ROW, _GAP, _LANE, _EDGE = 36, 56, 56, 10, 12
"""Pixels: of a state, from one to the one below it, between columns, between two lines below, around it all."""

_LETTER, _PADDING = 7.6, 28


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a state is drawn."""

    x: float
    y: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + _HEIGHT / 2


def drawing(moves: Mapping[str, Sequence[str]], at: str, way: Collection[Move]) -> Html:
    """The model with the state in which it is, the moves that it made, and where it may go from here."""
    boxes = _placed(moves)
    width = max(box.right for box in boxes.values()) + _EDGE
    below = max(box.y for box in boxes.values()) + _HEIGHT
    shown = {state: [to for to in leads if state == at or (state, to) in way] for state, leads in moves.items()}
    lines, height = _lines(shown, boxes, below, way)
    been = {state for move in way for state in move}
    words = _in_words(moves, at, way)
    svg = tag(
        "svg",
        tag("title", words),
        tag("defs", _arrow("arrow"), _arrow("arrow-gone")),
        lines,
        [_state(state, box, at, been) for state, box in boxes.items()],
        role="img",
        aria_label=words,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
    )
    return tag("div", svg, class_="model", tabindex="0", role="group", aria_label="State model")


def _placed(moves: Mapping[str, Sequence[str]]) -> dict[str, _Box]:
    """Each state in a column behind all that lead to it, but for those that are declared after it: they lead back."""
    order = {state: at for at, state in enumerate(moves)}
    place = dict.fromkeys(moves, 0)
    for state, leads in moves.items():
        for to in leads:
            if order[to] > order[state]:
                place[to] = max(place[to], place[state] + 1)
    columns = [[state for state in moves if place[state] == at] for at in range(max(place.values()) + 1)]
    found: dict[str, _Box] = {}
    x: float = _EDGE
    for column in columns:
        width = max(len(state) for state in column) * _LETTER + _PADDING
        for at, state in enumerate(column):
            found[state] = _Box(x, _EDGE + at * _ROW, width)
        x += width + _GAP
    return found


def _lines(
    moves: Mapping[str, Sequence[str]], boxes: Mapping[str, _Box], below: float, way: Collection[Move]
) -> tuple[Html, float]:
    """These moves, and the height that is needed. What does not lead to the next column goes round below in a lane."""
    drawn, lane = [], 0
    for state, leads in moves.items():
        for to in leads:
            here, there = boxes[state], boxes[to]
            if 0 < there.x - here.right <= _GAP + 1:
                path = _straight(here, there)
            else:
                lane += 1
                path = _round(here, there, below + lane * _LANE, lane)
            gone = (state, to) in way
            look = "move gone" if gone else "move"
            arrow = "url(#arrow-gone)" if gone else "url(#arrow)"
            drawn.append(tag("path", d=path, class_=look, marker_end=arrow))
    return join(drawn), below + lane * _LANE + _EDGE


def _straight(here: _Box, there: _Box) -> str:
    bend = (there.x - here.right) / 2
    return (f"M{here.right:.1f} {here.middle:.1f} C{here.right + bend:.1f} {here.middle:.1f}"
            f" {there.x - bend:.1f} {there.middle:.1f} {there.x - 2:.1f} {there.middle:.1f}")  # fmt: skip


def _round(here: _Box, there: _Box, lane: float, number: int) -> str:
    """Through the gaps beside the columns, where no state is."""
    aside = 10 + number % 4 * 6
    out, back = here.right + aside, max(there.x - aside, 2)
    return (f"M{here.right:.1f} {here.middle:.1f} H{out:.1f} V{lane:.1f} H{back:.1f} V{there.middle + 6:.1f}"
            f" H{there.x - 2:.1f}")  # fmt: skip


def _arrow(name: str) -> Html:
    tip = tag("path", d="M0 0 L8 4 L0 8 z", class_=name)
    return tag(
        "marker",
        tip,
        id=name,
        markerWidth=8,
        markerHeight=8,
        refX=7,
        refY=4,
        orient="auto",
        markerUnits="userSpaceOnUse",
    )


def _state(state: str, box: _Box, at: str, been: Collection[str]) -> Html:
    look = "state here" if state == at else "state been" if state in been else "state"
    shape = tag("rect", x=f"{box.x:.1f}", y=f"{box.y:.1f}", width=f"{box.width:.1f}", height=_HEIGHT, rx=6)
    label = tag("text", state, x=f"{box.x + box.width / 2:.1f}", y=f"{box.middle + 5:.1f}")
    return tag("g", shape, label, class_=look)


def _in_words(moves: Mapping[str, Sequence[str]], at: str, way: Collection[Move]) -> str:
    legal = "; ".join(f"{state} may become {' or '.join(leads)}" for state, leads in moves.items() if leads)
    came = f" It came so: {'; '.join(f'{one} → {two}' for one, two in way)}." if way else ""
    return f"It is in the state {at}.{came} {legal}."
