"""Documents side by side: a column for each, a row for each member, and what stands out marked in word and shape."""

from __future__ import annotations

from hilum.cases.side_by_side import Member, SideBySide
from hilum.console.markup import Html, tag
from hilum.console.words import plural


def side_by_side(papers: SideBySide, *, label: str = "Documents side by side") -> Html:
    """The table; on a narrow screen each member is a block with the documents below each other."""
    heads = [tag("th", tag("span", "What", class_="unseen"), scope="col")]
    heads += [tag("th", name, scope="col") for name in papers.documents]
    rows = [_row(member, papers.documents) for member in papers.members]
    body = tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows), aria_label=label)
    return tag("div", body, class_="table beside")


def _row(member: Member, documents: tuple[str, ...]) -> Html:
    cells = [
        tag("td", _value(value, marked=at in member.marked), data_of=documents[at])
        for at, value in enumerate(member.values)
    ]
    return tag("tr", tag("th", member.name, scope="row"), cells, class_="differs" if member.differs else None)


def _value(value: str, *, marked: bool) -> Html:
    if not marked:
        return Html(tag("span", value)) if value else tag("small", "—", title="It does not say")
    sign = tag("span", "≠", class_="sign", aria_hidden="true")
    return tag("mark", sign, tag("span", "differs: ", class_="unseen"), value or "nothing")


def in_words(papers: SideBySide) -> str:
    """`2 of 6 differ`: what stands above the table."""
    differ = sum(member.differs for member in papers.members)
    if not differ:
        return "Nothing of them differs."
    return f"{plural(differ, 'member')} of {len(papers.members)} {'differs' if differ == 1 else 'differ'}."
