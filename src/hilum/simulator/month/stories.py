"""The story of each trouble: which papers come on which day, and what is right to do with them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from hilum.simulator.month.troubles import Trouble
from hilum.simulator.month.truth import Answer, Bill, Change, Extra, Line, Notice, Receipt, Return, Story

Lines = tuple[Line, ...]


def tell(story: Story) -> Story:
    """The story with everything that comes of it."""
    return _TELLERS.get(story.trouble, _as_it_should_be)(story)


def _as_it_should_be(story: Story) -> Story:
    """Answered on the same day, sent on the next, there on the second, billed on the third."""
    day, lines = story.day, story.wanted
    papers = (_answer(story), _notice(story, day + 1), _bill(story, day + 3))
    return replace(story, papers=papers, arrivals=(_receipt(story, day + 2, lines),))


def _partial(story: Story) -> Story:
    first, rest = _parted(story.wanted)
    day = story.day
    bills = (_bill(story, day + 3, first), _bill(story, day + 6, rest, mark="P2-"))
    return replace(
        story,
        papers=(_answer(story), _notice(story, day + 1, first), bills[0], _notice(story, day + 4, rest, "b"), bills[1]),
        arrivals=(_receipt(story, day + 2, first), _receipt(story, day + 5, rest, "b")),
    )


def _late_notice(story: Story) -> Story:
    day = story.day
    papers = (_answer(story), _bill(story, day + 3), _notice(story, day + 4))
    return replace(_as_it_should_be(story), papers=papers)


def _bill_first(story: Story) -> Story:
    day = story.day
    papers = (_answer(story), _notice(story, day + 1), _bill(story, day + 1, posted=day + 4))
    return replace(story, papers=papers, arrivals=(_receipt(story, day + 4, story.wanted),))


def _disorder(story: Story) -> Story:
    """The bill first, the ship notice after the goods, the answer last."""
    day = story.day
    answer = replace(_answer(story), day=day + 4)
    papers = (_bill(story, day, posted=day + 2), _notice(story, day + 3), answer)
    return replace(story, papers=papers, arrivals=(_receipt(story, day + 2, story.wanted),))


def _twice(story: Story) -> Story:
    return replace(_as_it_should_be(story), twice=True)


def _credit(story: Story) -> Story:
    """Some of the first line goes back, and is credited."""
    told = _as_it_should_be(story)
    back = (replace(story.wanted[0], quantity=Decimal(2)),)
    bill = next(told.bills)
    credit = _bill(story, story.day + 6, back, mark="CN-", credit=True, corrects=bill.number)
    gone = Return(day=story.day + 5, number=f"{story.order}-BACK", lines=back)
    return replace(told, papers=(*told.papers, credit), arrivals=(*told.arrivals, gone))


def _wrong_bill(change: Callable[[Lines], Lines]) -> Callable[[Story], Story]:
    """A wrong bill is refused; a right one comes two days later under another number."""

    def told(story: Story) -> Story:
        day = story.day
        wrong = _bill(story, day + 3, change(story.wanted), posted=None)
        right = _bill(story, day + 5, mark="CORR-")
        return replace(_as_it_should_be(story), papers=(_answer(story), _notice(story, day + 1), wrong, right))

    return told


def _first(lines: Lines, **changes: object) -> Lines:
    return (replace(lines[0], **changes), *lines[1:])  # type: ignore[arg-type]


def _short(story: Story) -> Story:
    """Two pieces are missing, nothing more will come, and all is billed."""
    day = story.day
    came = _first(story.wanted, quantity=story.wanted[0].quantity - 2)
    wrong, right = _bill(story, day + 3, posted=None), _bill(story, day + 5, came, "CORR-")
    papers = (_answer(story), _notice(story, day + 1), wrong, right)
    return replace(story, papers=papers, arrivals=(_receipt(story, day + 2, came, final=True),))


def _over_delivered(story: Story) -> Story:
    """One piece more than was ordered comes, is billed and is kept."""
    more = _first(story.wanted, quantity=story.wanted[0].quantity + 1)
    papers = (_answer(story), _notice(story, story.day + 1, more), _bill(story, story.day + 3, more))
    return replace(story, papers=papers, arrivals=(_receipt(story, story.day + 2, more),))


def _duplicate(story: Story) -> Story:
    told = _as_it_should_be(story)
    papers = tuple(replace(each, again=story.day + 5) if isinstance(each, Bill) else each for each in told.papers)
    return replace(told, papers=papers)


def _near_duplicate(story: Story) -> Story:
    """`M-B00012` comes again as `m b12`."""
    told = _as_it_should_be(story)
    bill = next(told.bills)
    prefix, _, digits = bill.number.rpartition("-B")
    again = replace(bill, day=story.day + 5, number=f"{prefix} b{int(digits)}".lower(), posted=None)
    return replace(told, papers=(*told.papers, again))


def _other_item(lines: Lines) -> Lines:
    return _first(lines, item=f"{lines[0].item}X")


def _substitute(story: Story) -> Story:
    """Another article of the same supplier comes instead, at the price that was agreed for the one ordered."""
    taken = {line.item for line in story.wanted}
    other = next(each for each in story.vendor.articles if each.code not in taken and each.contract == "holds")
    lines = _first(story.wanted, item=other.code, price=other.price)
    answer = replace(_answer(story), lines=_first(story.wanted, price=other.price), substitutes=((1, other.code),))
    day = story.day
    papers = (answer, _notice(story, day + 1, lines), _bill(story, day + 3, lines))
    return replace(story, papers=papers, arrivals=(_receipt(story, day + 2, lines),))


def _dearer(story: Story) -> Story:
    """The buyers do not accept a higher price: the order is cancelled."""
    lines = _first(story.wanted, price=story.wanted[0].price + 1)
    return replace(story, papers=(replace(_answer(story), lines=lines, accepted=False),))


def _later(story: Story) -> Story:
    """Three days later than needed, which the buyers accept."""
    day = story.needed + 3
    papers = (replace(_answer(story), later=3), _notice(story, day - 1), _bill(story, day + 1))
    return replace(story, papers=papers, arrivals=(_receipt(story, day, story.wanted),))


def _unanswered(story: Story) -> Story:
    told = _as_it_should_be(story)
    papers = tuple(each for each in told.papers if not isinstance(each, Answer))
    return replace(told, papers=papers, acknowledges=False)


def _changed(story: Story) -> Story:
    """Two more of the first line, and none of the last one where there are several; told on the next day."""
    day = story.day
    lines = _first(story.wanted[:-1] or story.wanted, quantity=story.wanted[0].quantity + 2)
    return replace(
        story,
        change=Change(day=day + 1, lines=lines),
        papers=(_answer(story), _notice(story, day + 2, lines), _bill(story, day + 4, lines)),
        untold=(_notice(story, day + 2), _bill(story, day + 4)),
        arrivals=(_receipt(story, day + 3, lines),),
    )


def _cancelled(story: Story) -> Story:
    """Told on the next day; who was not told would send the goods, and bill them."""
    day = story.day
    untold = (_notice(story, day + 2), _bill(story, day + 4))
    return replace(story, change=Change(day=day + 1), papers=(_answer(story),), untold=untold)


FREIGHT, LEVY, DEAR_FREIGHT = Decimal("12.50"), Decimal("2.35"), Decimal("74.90")
"""What is billed beside the goods; the flows of the month allow 25."""


def _extras(story: Story, freight: Decimal) -> tuple[Extra, ...]:
    """Only UBL says what tax there is on it."""
    taxed = story.vendor.speaks == "peppol"
    parts = (("Freight", freight), ("Levy on packaging", LEVY))
    return tuple(Extra(words=words, amount=amount, taxed=taxed) for words, amount in parts)


def _freight(story: Story) -> Story:
    told = _as_it_should_be(story)
    papers = [replace(each, extras=_extras(story, FREIGHT)) if isinstance(each, Bill) else each for each in told.papers]
    return replace(told, papers=tuple(papers))


def _dear_freight(story: Story) -> Story:
    """The bill is refused; a right one comes two days later under another number."""
    day = story.day
    wrong = replace(_bill(story, day + 3, posted=None), extras=_extras(story, DEAR_FREIGHT))
    right = replace(_bill(story, day + 5, mark="CORR-"), extras=_extras(story, FREIGHT))
    return replace(_as_it_should_be(story), papers=(_answer(story), _notice(story, day + 1), wrong, right))


_TELLERS: Mapping[Trouble, Callable[[Story], Story]] = MappingProxyType(
    {
        Trouble.PARTIAL: _partial,
        Trouble.LATE_NOTICE: _late_notice,
        Trouble.BILL_FIRST: _bill_first,
        Trouble.DISORDER: _disorder,
        Trouble.TWICE: _twice,
        Trouble.CREDIT: _credit,
        Trouble.PRICE: _wrong_bill(lambda lines: _first(lines, price=lines[0].price + Decimal("0.37"))),
        Trouble.OVER_BILLED: _wrong_bill(lambda lines: _first(lines, quantity=lines[0].quantity + 3)),
        Trouble.SHORT: _short,
        Trouble.OVER_DELIVERED: _over_delivered,
        Trouble.DUPLICATE: _duplicate,
        Trouble.NEAR_DUPLICATE: _near_duplicate,
        Trouble.WRONG_UNIT: _wrong_bill(lambda lines: _first(lines, unit="BX")),
        Trouble.UNKNOWN_ITEM: _wrong_bill(_other_item),
        Trouble.ANSWER_ITEM: _substitute,
        Trouble.ANSWER_PRICE: _dearer,
        Trouble.ANSWER_DATE: _later,
        Trouble.UNANSWERED: _unanswered,
        Trouble.CHANGED: _changed,
        Trouble.CANCELLED: _cancelled,
        Trouble.FREIGHT: _freight,
        Trouble.FREIGHT_DEAR: _dear_freight,
    }
)


# Papers as they should be


def _answer(story: Story) -> Answer:
    return Answer(day=story.day, lines=story.wanted)


def _notice(story: Story, day: int, lines: Lines | None = None, mark: str = "a") -> Notice:
    return Notice(day=day, number=f"{story.requisition}-N{mark}", lines=lines or story.wanted)


def _receipt(story: Story, day: int, lines: Lines, mark: str = "a", *, final: bool = False) -> Receipt:
    return Receipt(day=day, number=f"{story.requisition}-G{mark}", lines=lines, final=final)


_SAME = -1


def _bill(
    story: Story,
    day: int,
    lines: Lines | None = None,
    mark: str = "",
    *,
    posted: int | None = _SAME,
    credit: bool = False,
    corrects: str = "",
) -> Bill:
    """Numbers of further bills differ by more than what could be a slip of the pen."""
    run, _, digits = story.requisition.rpartition("-R")
    return Bill(
        day=day,
        number=f"{run}-{mark}B{digits}",
        lines=lines or story.wanted,
        credit=credit,
        corrects=corrects,
        posted=day if posted == _SAME else posted,
        at_once=story.vendor.speaks == "peppol",
    )


def _parted(lines: Lines) -> tuple[Lines, Lines]:
    """A larger part that comes first, of each line, and the rest."""
    first = tuple(replace(line, quantity=line.quantity // 2 + 1) for line in lines)
    rest = tuple(replace(line, quantity=line.quantity - part.quantity) for line, part in zip(lines, first, strict=True))
    return first, rest
