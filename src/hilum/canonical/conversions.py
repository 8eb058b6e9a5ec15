"""What an exact conversion came to, and the rule that was used, in words for traces and people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

from hilum.canonical.applied import Kind, apply, heard_by_nobody

_PRECISE = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A quantity or an amount in another unit or currency."""

    quantity: Decimal
    unit: str
    from_quantity: Decimal
    from_unit: str
    rule: str  # `1 BX = 100 EA`, `1 [lb_av] = 0.45359237 kg`
    exact: bool  # no digit was lost; else it was rounded half to even

    @property
    def words(self) -> str:
        """What was converted to what, by which rule: `4 BX = 400 EA (1 BX = 100 EA)`."""
        rounded = "" if self.exact else "; rounded"
        return (
            f"{plain(self.from_quantity)} {self.from_unit} = {plain(self.quantity)} {self.unit} ({self.rule}{rounded})"
        )


def tell(kind: Kind, made: Conversion) -> Conversion:
    """Say which rule was used to whoever listens; returns the conversion."""
    if not heard_by_nobody():
        rounded = "" if made.exact else "; rounded"
        before, after = f"{plain(made.from_quantity)} {made.from_unit}", f"{plain(made.quantity)} {made.unit}"
        apply(kind, made.rule + rounded, before, after)
    return made


def to_decimal(value: Fraction, places: int) -> tuple[Decimal, bool]:
    """The value as a decimal number, and whether that is all of it; else rounded half to even to `places` digits."""
    scaled = value * 10**places
    whole = round(scaled)  # of a Fraction: exact, and half to even
    with localcontext(_PRECISE):
        return Decimal(whole).scaleb(-places).normalize() + 0, scaled == whole


def six_places(value: Fraction) -> Decimal:
    """The value to six digits after the point, half to even: what a member for a quantity or a price holds."""
    return to_decimal(value, 6)[0]


def plain(number: Decimal) -> str:
    """A decimal number without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def priced(amount: Decimal) -> str:
    """A price or an amount of money as people write it: `38.00`, and `0.0125` where it has more digits."""
    whole, _, rest = plain(amount).partition(".")  # no arithmetic: an amount of any length can be said
    return f"{whole}.{rest:0<2}"
