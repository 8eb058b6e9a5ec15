"""Trading partners: what they were sent and have not acknowledged, what they rejected, and the profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, message_link, with_query
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import number, plural
from hilum.partners import Partners, Profile, arrivals, register
from hilum.partners.arrivals import Missing
from hilum.partners.register import Outstanding
from hilum.partners.words import called, counted, sentence

PATH = "/partners"


def add(context: Context, figures: Figures) -> None:
    """The page at `/partners`; `?partner=gloveco` shows one."""

    async def build(page: Page) -> None:
        known = context.project.partners if context.project is not None else Partners()
        async with context.database.cold() as connection:
            found = await register.outstanding(connection, page.query("partner"))
            gaps = await register.gaps(connection)
            missing = await arrivals.missing(connection, page.query("partner"))
        now = datetime.now(UTC)
        heading("Trading partners", tag("p", tag("strong", answer(found, now))))
        part(join(tag("h2", "Not acknowledged"), _outstanding(found, known, now)), "section")
        if missing:
            part(join(tag("h2", "Numbers that did not come"), _missing(missing, known, now)), "section")
        if gaps:
            part(join(tag("h2", "Numbers that were drawn and not sent"), _gaps(gaps)), "section")
        part(join(tag("h2", "Partners"), _profiles(known)), "section")

    add_page(PATH, "Trading partners", context, figures, build)


def answer(found: Sequence[Outstanding], now: datetime) -> str:
    """What hurts, in a sentence."""
    rejected = sum(each.state == "rejected" for each in found)
    overdue = sum(_overdue(each, now) for each in found)
    said = []
    if overdue:
        said.append(f"{plural(overdue, 'document')} not acknowledged in time")
    if rejected:
        said.append(f"{plural(rejected, 'document')} rejected")
    waiting = len(found) - overdue - rejected
    if said:
        return f"{', '.join(said)}; {number(waiting)} within their time."
    if waiting:
        return f"{plural(waiting, 'document')} to be acknowledged, all within their time."
    return "Everything that was sent is acknowledged."


def _overdue(each: Outstanding, now: datetime) -> bool:
    return each.state is None and each.due_at is not None and each.due_at < now


def _outstanding(found: Sequence[Outstanding], known: Partners, now: datetime) -> Html:
    heads = ("", "Partner", "Document", "What", "Sent>", "Number>", "Flow", "Message")
    return table(
        heads, [_row(each, known, now) for each in found], empty="Everything is acknowledged.", label="Not acknowledged"
    )


def _row(each: Outstanding, known: Partners, now: datetime) -> Html:
    profile = known.get(each.partner)
    name = profile.name if profile is not None else each.partner
    return row(
        _state(each, now),
        tag("a", name, href=with_query(PATH, partner=each.partner)),
        tag("b", called(each.code, each.document)),
        sentence(profile, each, now),
        num(ago(each.sent_at) if each.sent_at is not None else "not yet"),
        num(each.number),
        flow_link(each.flow),
        message_link(each.message_id),
    )


def _state(each: Outstanding, now: datetime) -> Html:
    if each.state == "rejected":
        return chip("Rejected", "hurt")
    if _overdue(each, now):
        return chip("Overdue", "held")
    return chip("Waiting", "waiting") if each.sent_at is not None else chip("Not sent", "off")


def _missing(found: Sequence[Missing], known: Partners, now: datetime) -> Html:
    rows = [row(each.partner, each.series, num(str(each)), counted(known.get(each.partner), each, now))
            for each in found]  # fmt: skip
    return table(("Partner", "Series", "Number>", "What"), rows, empty="", label="Missing numbers")


def _gaps(found: Sequence[tuple[str, int, datetime]]) -> Html:
    rows = [row(partner, num(number_), num(ago(at))) for partner, number_, at in found]
    return table(("Partner", "Number>", "Drawn>"), rows, empty="", label="Gaps")


def _profiles(known: Partners) -> Html:
    heads = ("Partner", "Supplier", "Format", "Acknowledged by", "Within>", "Goes to", "Comes from")
    empty = "There is no profile. Put one into partners/ of the project."
    return table(heads, [_profile(each) for each in known.values()], empty=empty, label="Profiles")


def _profile(profile: Profile) -> Html:
    return row(
        tag("a", profile.name, href=with_query(PATH, partner=profile.key)),
        profile.supplier,
        profile.format,
        profile.acknowledges,
        num(_hours(profile.answer_within)),
        ", ".join(f"{name} ({', '.join(route.sets) or 'all'})" for name, route in profile.send.items()),
        ", ".join(profile.receive),
    )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"
