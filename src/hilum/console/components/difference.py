"""Original and edited side by side, and what the edited one would become: what a person looks at before it is sent."""

from __future__ import annotations

from difflib import SequenceMatcher

from hilum.cases import Trial
from hilum.console.components.chip import chip
from hilum.console.components.payload import decoded, is_hl7
from hilum.console.hl7_names import field_name, segment_name
from hilum.console.markup import Child, Html, join, tag
from hilum.errors import Invalid
from hilum.formats import hl7v2

MOST_LINES = 400
"""Lines of a difference that are shown."""

_SHOWN = 4_000
"""Characters of what would be delivered that are shown of each delivery."""


def difference(before: bytes, after: bytes) -> Html:
    """What differs: by segment and field where both are HL7, else by line."""
    rows = _hl7(before, after) if is_hl7(before) and is_hl7(after) else None
    rows = _lines(before, after) if rows is None else rows
    if not rows:
        return tag("p", "Nothing differs.", class_="empty")
    head = tag("tr", [tag("th", name, scope="col") for name in ("Where", "Original", "Edited")])
    body = [
        tag(
            "tr", tag("td", where), tag("td", tag("del", old) if old else ""), tag("td", tag("ins", new) if new else "")
        )
        for where, old, new in rows[:MOST_LINES]
    ]
    listed = tag("table", tag("thead", head), tag("tbody", body), aria_label="Difference")
    return tag("div", listed, class_="table difference")


def _hl7(before: bytes, after: bytes) -> list[tuple[Child, str, str]] | None:
    """Changed fields with their names; None where one of the two cannot be read as HL7."""
    try:
        old, new = list(hl7v2.parse(before)), list(hl7v2.parse(after))
    except Invalid:
        return None
    matcher = SequenceMatcher(None, [s.name for s in old], [s.name for s in new], autojunk=False)
    rows: list[tuple[Child, str, str]] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            for left, right in zip(old[i1:i2], new[j1:j2], strict=True):
                rows += _fields(left, right)
            continue
        rows += [(_segment(s), "|".join(s.fields), "") for s in old[i1:i2]]
        rows += [(_segment(s), "", "|".join(s.fields)) for s in new[j1:j2]]
    return rows


def _segment(segment: hl7v2.Segment) -> Html:
    return join(tag("b", segment.name, class_="mono"), " ", segment_name(segment.name))


def _fields(left: hl7v2.Segment, right: hl7v2.Segment) -> list[tuple[Child, str, str]]:
    count = max(len(left.fields), len(right.fields))
    rows: list[tuple[Child, str, str]] = []
    for at in range(1, count):
        old = left.fields[at] if at < len(left.fields) else ""
        new = right.fields[at] if at < len(right.fields) else ""
        if old != new:
            number = f"[{left.number}]" if left.number > 1 else ""
            place = tag("b", f"{left.name}{number}-{at}", class_="mono")
            rows.append((join(place, " ", field_name(left.name, at)), old, new))
    return rows


def _lines(before: bytes, after: bytes) -> list[tuple[Child, str, str]]:
    old, new = _text(before).splitlines(), _text(after).splitlines()
    rows: list[tuple[Child, str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for n in range(max(i2 - i1, j2 - j1)):
            left = old[i1 + n] if i1 + n < i2 else ""
            right = new[j1 + n] if j1 + n < j2 else ""
            rows.append((f"line {(i1 if left else j1) + n + 1}", left, right))
    return rows


def _text(body: bytes) -> str:
    found = decoded(body)
    return (found[0] if found else body.hex(" ")).replace("\r\n", "\n").replace("\r", "\n")


def outcome(trial: Trial) -> Html:
    """What would come out of a dry translation."""
    if trial.held is not None:
        return join(
            tag("p", chip("Held", "held"), " It would be held again: ", tag("strong", trial.held.title)),
            tag("p", trial.held.words),
            tag("p", tag("strong", "What to do: "), trial.held.next_step),
        )
    if not trial.made:
        return tag("p", "It would be read, and nothing would be delivered.")
    made = [
        tag(
            "details",
            tag("summary", tag("b", each.destination), f" {each.operation}" if each.operation else ""),
            tag("pre", _text(each.body)[:_SHOWN], class_="payload"),
        )
        for each in trial.made
    ]
    key = f", key {trial.key}" if trial.key else ""
    return join(tag("p", f"This would be delivered ({len(trial.made)}{key}):"), made)
