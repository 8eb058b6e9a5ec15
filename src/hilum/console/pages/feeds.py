"""The part of Operations that tells of the feeds out of Odoo: what is seen of its changes, how late, what came late."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.table import num, row, table
from hilum.console.markup import Html, join, tag
from hilum.console.words import number
from hilum.runtime.feeds import FeedRow

_LOOKS = {"in order": "done", "silent": "hurt", "not begun": "waiting"}
_HEADS = ("", "Odoo", "Model", "By", "Last look>", "Lag>", "Changes>", "Late>", "Deletions>", "Compared>")


def silent(found: Sequence[FeedRow]) -> list[Html]:
    """A sentence for each model of which nothing is seen now."""
    return [
        tag("p", chip("Silent", "hurt"), tag("strong", f"{each.model} of {each.endpoint}"), ": not looked at since ",
            ago(each.looked_at), ". What changes there is told when a hub looks again; nothing is lost.")
        for each in found if each.silent and each.looked_at
    ]  # fmt: skip


def section(found: Sequence[FeedRow]) -> Html:
    """The table; nothing where no flow takes changes out of Odoo."""
    if not found:
        return Html("")
    rows = [
        row(
            chip(each.word.capitalize(), _LOOKS[each.word]),
            each.endpoint,
            tag("b", each.model),
            each.figures.mode,
            num(ago(each.looked_at)),
            num(each.lag, title="Since the beginning of the transaction in Odoo; of the last 100 changes"),
            num(number(each.figures.changes)),
            num(number(each.figures.late), title="Committed so late, or with a date so old, that a look had passed it"),
            num(number(each.figures.deletions)),
            num(ago(each.compared_at)),
        )
        for each in found
    ]
    note = tag("small", "what people change there, since each feed was first started")
    return join([tag("h2", "Changes out of Odoo", note), table(_HEADS, rows, empty="", label="Changes out of Odoo")])
