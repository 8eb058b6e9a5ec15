"""A statement that all bank formats can write, and random entries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from hilum.formats.banking import Balance, BalanceKind, Detail, Entry, Party, Remittance, Statement, StatementKind

DAY = date(2026, 3, 20)


def entry(position: int, amount: Decimal, *, code: str, name: str, text: str, end_to_end_id: str = "E2E-1") -> Entry:
    """A booked entry with one detail."""
    return Entry(
        position=position,
        where="",
        amount=amount,
        currency="EUR",
        booked_on=DAY,
        value_on=date(2026, 3, 21),
        reference=f"B{position}",
        customer_reference=f"C{position}",
        code=code,
        details=(
            Detail(
                amount=amount,
                currency="EUR",
                end_to_end_id=end_to_end_id,
                party=Party(name=name, account="DE89370400440532013000", bank="COBADEFFXXX"),
                remittance=Remittance(texts=(text,)),
            ),
        ),
    )


STATEMENT = Statement(
    kind=StatementKind.STATEMENT,
    where="",
    account="BE68539007547034",
    currency="EUR",
    number="17",
    from_day=DAY,
    to_day=DAY,
    balances=(
        Balance(kind=BalanceKind.OPENING, code="OPBD", amount=Decimal("-100.00"), currency="EUR", day=DAY),
        Balance(kind=BalanceKind.CLOSING, code="CLBD", amount=Decimal("2019.09"), currency="EUR", day=DAY),
    ),
    entries=(
        entry(1, Decimal("2169.09"), code="PMNT-RCDT-ESCT", name="Payer One", text="TRN-20260320"),
        entry(2, Decimal("-50.00"), code="PMNT-ICDT-ESCT", name="Medquarry Supplies", text="Bill 5512"),
    ),
)

WORDS = st.text("abcdefgXYZ0123456789 .,()/'", min_size=1, max_size=60).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def statements(draw: st.DrawFn, codes: tuple[str, str] = ("PMNT-RCDT-ESCT", "PMNT-ICDT-ESCT")) -> tuple[Entry, ...]:
    """Entries with amounts, names and texts of any kind."""
    amounts = draw(st.lists(st.integers(-(10**12), 10**12).filter(bool), max_size=4))
    return tuple(
        entry(
            position,
            Decimal(amount).scaleb(-2),
            code=codes[amount < 0],
            name=draw(WORDS)[:50].strip(),
            text=draw(WORDS),
            end_to_end_id=f"E{position}",
        )
        for position, amount in enumerate(amounts, 1)
    )
