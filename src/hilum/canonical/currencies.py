"""Currencies by ISO 4217, with their minor units; amounts rounded and exchanged exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType

from hilum.canonical.base import Money
from hilum.canonical.conversions import Conversion, plain, six_places, tell
from hilum.errors import Invalid

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY"
    " COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS"
    " INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR"
    " MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP"
    " STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

_WITHDRAWN = "ANG BGN CUC HRK SLL ZWL"  # since 2021; what was booked before is still credited and paid back

MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {
        code: digits
        for digits, codes in ((0, _NONE), (2, _TWO), (2, _WITHDRAWN), (3, _THREE), (4, _FOUR))
        for code in codes.split()
    }
)
"""Digits after the decimal point of each currency (ISO 4217, list one), and of those that were withdrawn lately."""


def minor_units(currency: str) -> int:
    """Digits after the decimal point. Raises `Invalid` where there is no such currency."""
    if currency not in MINOR_UNITS:
        raise Invalid(f"'{currency[:10]}' is not a currency of ISO 4217")
    return MINOR_UNITS[currency]


def rounded(money: Money) -> Money:
    """To the minor unit, half away from zero, as invoices are. Raises `Invalid`."""
    return Money(amount=_round(money.amount, minor_units(money.currency)), currency=money.currency)


def invoiced(amount: Fraction, currency: str) -> Decimal:
    """An exact amount as it would be invoiced: to the minor unit. Raises `Invalid`."""
    return rounded(Money(amount=six_places(amount), currency=currency)).amount


def in_minor_units(money: Money) -> int:
    """In cents, as many interfaces write it. Raises `Invalid` where that would lose a digit."""
    scaled = money.amount.scaleb(minor_units(money.currency))
    if scaled != scaled.to_integral_value():
        raise Invalid(f"the amount has more digits than {money.currency} has")
    return int(scaled)


def exchange(money: Money, to: str, *, rate: Decimal, source: str = "") -> tuple[Money, Conversion]:
    """By a rate (so many of `to` for one): rounded to the minor unit of `to`. `source` says whose rate and of when.

    Raises `Invalid`.
    """
    digits = minor_units(to)
    minor_units(money.currency)
    if not rate.is_finite() or rate <= 0:
        raise Invalid("the exchange rate must be above zero")
    with localcontext(Context(prec=60)):
        value = money.amount * rate
    made = _round(value, digits)
    rule = f"1 {money.currency} = {plain(rate)} {to}" + (f", {source}" if source else "")
    conversion = Conversion(
        quantity=made, unit=to, from_quantity=money.amount, from_unit=money.currency, rule=rule, exact=made == value
    )
    return Money(amount=made, currency=to), tell("currency", conversion)


def _round(amount: Decimal, digits: int) -> Decimal:
    with localcontext(Context(prec=60)):
        return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
