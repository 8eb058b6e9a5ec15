"""Units of measure: UN/ECE Recommendations 20 and 21 as supply chains write them, UCUM as laboratories do.

Conversion is exact (fractions), checks the dimension, and says its rule. What a box holds is a fact about an item: it
comes with the question, never from a table of units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from hilum.canonical.conversions import Conversion, plain, tell, to_decimal
from hilum.canonical.ucum import Meaning
from hilum.canonical.ucum import meaning as ucum_meaning
from hilum.errors import Invalid

PIECE = "{piece}"
"""The dimension of what is counted: each, dozen, gross."""

_COUNTS = {
    "C62": (1, "one"), "EA": (1, "each"), "H87": (1, "piece"), "PCE": (1, "piece"), "PR": (2, "pair"),
    "TPR": (20, "ten pairs"), "DZN": (12, "dozen"), "DZ": (12, "dozen"), "GRO": (144, "gross"), "CEN": (100, "hundred"),
    "MIL": (1000, "thousand"), "MIO": (1_000_000, "million"), "MLD": (10**9, "milliard"), "HC": (100, "hundred count"),
    "T3": (1000, "thousand piece"), "SCO": (20, "score"), "DPR": (24, "dozen pair"), "GGR": (1728, "great gross"),
    "NAR": (1, "number of articles"), "NPR": (2, "number of pairs"), "OP": (2, "two pack"),
    "P3": (3, "three pack"), "P4": (4, "four pack"), "P5": (5, "five pack"), "P6": (6, "six pack"),
    "P7": (7, "seven pack"), "P8": (8, "eight pack"), "P9": (9, "nine pack"), "TP": (10, "ten pack"),
    "U2": (1, "tablet"), "AV": (1, "capsule"),
}  # fmt: skip

REC20: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "KGM": ("kg", "kilogram"), "GRM": ("g", "gram"), "MGM": ("mg", "milligram"), "MC": ("ug", "microgram"),
        "DTN": ("100.kg", "decitonne"), "TNE": ("t", "tonne"), "LBR": ("[lb_av]", "pound"), "ONZ": ("[oz_av]", "ounce"),
        "GRN": ("[gr]", "grain"), "LTR": ("L", "litre"), "DLT": ("dL", "decilitre"), "CLT": ("cL", "centilitre"),
        "MLT": ("mL", "millilitre"), "4G": ("uL", "microlitre"), "HLT": ("hL", "hectolitre"),
        "GLL": ("[gal_us]", "gallon (US)"), "QTL": ("[qt_us]", "liquid quart (US)"),
        "PTL": ("[pt_us]", "liquid pint (US)"), "OZA": ("[foz_us]", "fluid ounce (US)"),
        "GLI": ("[gal_br]", "gallon (UK)"), "PTI": ("[pt_br]", "pint (UK)"), "OZI": ("[foz_br]", "fluid ounce (UK)"),
        "MTR": ("m", "metre"), "DMT": ("dm", "decimetre"), "CMT": ("cm", "centimetre"), "MMT": ("mm", "millimetre"),
        "4H": ("um", "micrometre"), "KMT": ("km", "kilometre"), "INH": ("[in_i]", "inch"), "FOT": ("[ft_i]", "foot"),
        "YRD": ("[yd_i]", "yard"), "SMI": ("[mi_i]", "mile"), "MTK": ("m2", "square metre"),
        "DMK": ("dm2", "square decimetre"), "CMK": ("cm2", "square centimetre"), "MMK": ("mm2", "square millimetre"),
        "INK": ("[in_i]2", "square inch"), "FTK": ("[ft_i]2", "square foot"), "MTQ": ("m3", "cubic metre"),
        "DMQ": ("dm3", "cubic decimetre"), "CMQ": ("cm3", "cubic centimetre"), "MMQ": ("mm3", "cubic millimetre"),
        "INQ": ("[in_i]3", "cubic inch"), "FTQ": ("[ft_i]3", "cubic foot"), "SEC": ("s", "second"),
        "MIN": ("min", "minute"), "HUR": ("h", "hour"), "DAY": ("d", "day"), "WEE": ("wk", "week"),
        "MON": ("mo", "month"), "ANN": ("a", "year"), "KEL": ("K", "kelvin"), "CEL": ("Cel", "degree Celsius"),
        "FAH": ("[degF]", "degree Fahrenheit"), "C34": ("mol", "mole"), "C18": ("mmol", "millimole"),
        "FH": ("umol", "micromole"), "C36": ("mol/m3", "mole per cubic metre"), "C38": ("mol/L", "mole per litre"),
        "M33": ("mmol/L", "millimole per litre"), "GL": ("g/L", "gram per litre"),
        "M1": ("mg/L", "milligram per litre"), "H29": ("ug/L", "microgram per litre"),
        "GJ": ("g/mL", "gram per millilitre"), "KMQ": ("kg/m3", "kilogram per cubic metre"),
        "NIU": ("[iU]", "number of international units"), "KAT": ("kat", "katal"), "P1": ("%", "percent"),
        "59": ("[ppm]", "part per million"), "PAL": ("Pa", "pascal"), "KPA": ("kPa", "kilopascal"),
        "BAR": ("bar", "bar"), "HN": ("mm[Hg]", "conventional millimetre of mercury"), "JOU": ("J", "joule"),
        "KJO": ("kJ", "kilojoule"), "WTT": ("W", "watt"), "KWT": ("kW", "kilowatt"), "KWH": ("kW.h", "kilowatt hour"),
        "AMP": ("A", "ampere"), "VLT": ("V", "volt"), "OHM": ("Ohm", "ohm"), "HTZ": ("Hz", "hertz"),
        "BQL": ("Bq", "becquerel"), "4N": ("MBq", "megabecquerel"), "GBQ": ("GBq", "gigabecquerel"),
        "CUR": ("Ci", "curie"), "A95": ("Gy", "gray"), "D13": ("Sv", "sievert"), "CGM": ("cg", "centigram"),
        "DG": ("dg", "decigram"), "DJ": ("dag", "decagram"), "HGM": ("hg", "hectogram"),
        "STN": ("[ston_av]", "ton (US)"),
        "LTN": ("[lton_av]", "ton (UK)"), "STI": ("[stone_av]", "stone (UK)"), "CTM": ("[car_m]", "metric carat"),
        "APZ": ("[oz_tr]", "troy ounce"), "CWA": ("[scwt_av]", "hundred pound"),
        "CWI": ("[lcwt_av]", "hundred weight (UK)"),
        "A44": ("daL", "decalitre"), "Q34": ("nL", "nanolitre"), "Q33": ("pL", "picolitre"),
        "QTI": ("[qt_br]", "quart (UK)"), "PTD": ("[dpt_us]", "dry pint (US)"), "QTD": ("[dqt_us]", "dry quart (US)"),
        "GLD": ("[gal_wi]", "dry gallon (US)"), "BLL": ("[bbl_us]", "barrel (US)"), "G21": ("[cup_us]", "cup"),
        "G24": ("[tbs_us]", "tablespoon (US)"), "G25": ("[tsp_us]", "teaspoon (US)"), "YDQ": ("[cyd_i]", "cubic yard"),
        "YDK": ("[syd_i]", "square yard"), "ACR": ("[acr_us]", "acre"), "NMI": ("[nmi_i]", "nautical mile"),
        "C45": ("nm", "nanometre"), "C52": ("pm", "picometre"), "77": ("[mil_i]", "milli-inch"),
        "H79": ("[Ch]", "French gauge"), "Z9": ("nmol", "nanomole"), "C19": ("mol/kg", "mole per kilogram"),
        "D87": ("mmol/kg", "millimole per kilogram"), "H68": ("mmol/g", "millimole per gram"),
        "GP": ("mg/m3", "milligram per cubic metre"), "GQ": ("ug/m3", "microgram per cubic metre"),
        "23": ("g/cm3", "gram per cubic centimetre"), "B35": ("kg/L", "kilogram per litre"),
        "F23": ("g/dm3", "gram per cubic decimetre"), "NA": ("mg/kg", "milligram per kilogram"),
        "J33": ("ug/kg", "microgram per kilogram"), "H64": ("mg/g", "milligram per gram"),
        "KX": ("mL/kg", "millilitre per kilogram"), "L19": ("mL/L", "millilitre per litre"),
        "J36": ("uL/L", "microlitre per litre"), "G51": ("L/s", "litre per second"),
        "L2": ("L/min", "litre per minute"),
        "E32": ("L/h", "litre per hour"), "LD": ("L/d", "litre per day"), "40": ("mL/s", "millilitre per second"),
        "41": ("mL/min", "millilitre per minute"), "G55": ("mL/h", "millilitre per hour"),
        "G54": ("mL/d", "millilitre per day"), "F27": ("g/h", "gram per hour"), "F26": ("g/d", "gram per day"),
        "4M": ("mg/h", "milligram per hour"), "F33": ("mg/min", "milligram per minute"),
        "F32": ("mg/d", "milligram per day"), "B98": ("us", "microsecond"), "C26": ("ms", "millisecond"),
        "2Q": ("kBq", "kilobecquerel"), "MCU": ("mCi", "millicurie"), "M5": ("uCi", "microcurie"),
        "C80": ("RAD", "rad"),
        "C13": ("mGy", "milligray"), "C28": ("mSv", "millisievert"), "P72": ("uSv/h", "microsievert per hour"),
        "C7": ("cP", "centipoise"), "A97": ("hPa", "hectopascal"), "MBR": ("mbar", "millibar"),
        "ATM": ("atm", "standard atmosphere"), "PS": ("[psi]", "pound-force per square inch"),
        "E14": ("kcal_IT", "kilocalorie (international table)"), "K51": ("kcal_m", "kilocalorie (mean)"),
        "WHR": ("W.h", "watt hour"), "MWH": ("MW.h", "megawatt hour"), "MAW": ("MW", "megawatt"),
        "C31": ("mW", "milliwatt"),
        "4K": ("mA", "milliampere"), "2Z": ("mV", "millivolt"), "KVT": ("kV", "kilovolt"), "COU": ("C", "coulomb"),
        "FAR": ("F", "farad"), "81": ("H", "henry"), "SIE": ("S", "siemens"), "WEB": ("Wb", "weber"),
        "D33": ("T", "tesla"),
        "NEW": ("N", "newton"), "CDL": ("cd", "candela"), "LUM": ("lm", "lumen"), "LUX": ("lx", "lux"),
        "KHZ": ("kHz", "kilohertz"), "MHZ": ("MHz", "megahertz"), "A86": ("GHz", "gigahertz"), "C81": ("rad", "radian"),
        "DD": ("deg", "degree"), "D61": ("'", "minute (of an angle)"), "D62": ("''", "second (of an angle)"),
        "MTS": ("m/s", "metre per second"), "KMH": ("km/h", "kilometre per hour"), "BPM": ("/min", "beats per minute"),
        "RPM": ("/min", "revolutions per minute"), "AD": ("By", "byte"),
    }
)  # fmt: skip
"""UN/ECE Recommendation 20 (revision 17): code → its UCUM code and its name; what hospitals buy, store and measure.

`HN` is there by a factor of its own that differs from UCUM's in the sixth digit (133.3224 Pa, 133.322 Pa); here it is
`mm[Hg]`, because both are the same unit and not two.
"""

PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "AM": "ampoule", "BG": "bag", "BA": "barrel", "BX": "box", "BO": "bottle", "CA": "case (X12)",
        "CS": "case", "CT": "carton", "CU": "cup", "CY": "cylinder", "DR": "drum", "JR": "jar", "KT": "kit",
        "PA": "packet", "PF": "pen (an enclosure)", "PH": "pitcher", "PK": "package", "PL": "pail", "PX": "pallet",
        "RL": "reel",
        "RO": "roll", "SA": "sack", "SET": "set", "SH": "sachet", "ST": "sheet", "TB": "tub", "TU": "tube",
        "PU": "tray", "VI": "vial",
    }
)  # fmt: skip
"""UN/ECE Recommendation 21 and X12 355: packages. What one holds is a fact about an item, see `Pack`.

Electronic invoices write the codes of Recommendation 21 with an X before them (`XBX`), so that they are told from those
of Recommendation 20: `bare`.
"""


def bare(code: str) -> str:
    """The code of a package without the X that Recommendation 20 puts before it; any other as it is."""
    return code[1:] if len(code) == 3 and code[0] == "X" and code[1:] in PACKAGES else code


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What one package of an item holds: `Pack(unit="BX", holds=Decimal(100), of="EA")`."""

    unit: str
    holds: Decimal
    of: str

    @property
    def rule(self) -> str:
        """`1 BX = 100 EA`."""
        return f"1 {self.unit} = {plain(self.holds)} {self.of}"


def meaning(code: str) -> Meaning:
    """What a unit stands for: Recommendation 20 and packages first, as supply chains write them, then UCUM.

    Raises `Invalid` where nothing knows it.
    """
    code = bare(code)
    if code in _COUNTS:
        return Meaning(Fraction(_COUNTS[code][0]), ((PIECE, 1),))
    if code in PACKAGES:
        return Meaning(Fraction(1), ((f"package {code}", 1),))
    try:
        return ucum_meaning(REC20[code][0] if code in REC20 else code)
    except Invalid:
        raise Invalid(f"the unit '{code[:40]}' is in none of UN/ECE Rec 20, Rec 21 and UCUM") from None


def title(code: str) -> str:
    """The name of a unit; UCUM codes speak for themselves. Raises `Invalid`."""
    meaning(code)
    code = bare(code)
    if code in _COUNTS:
        return _COUNTS[code][1]
    return PACKAGES.get(code) or REC20.get(code, ("", code))[1]


def convert(
    quantity: Decimal,
    unit: str,
    to: str,
    *,
    packs: Sequence[Pack] = (),
    grams_per_mole: Decimal | None = None,
    places: int = 6,
) -> Conversion:
    """The quantity in another unit, exactly; what has more digits than `places` is rounded half to even, and says so.

    `packs` say what packages of this item hold; `grams_per_mole` leads from amount of substance to mass. Raises
    `Invalid` where a unit is not known, or one cannot become the other.
    """
    if not quantity.is_finite():
        raise Invalid("the quantity is not a number")
    source, target = meaning(unit), meaning(to)
    if source.offset or target.offset:
        value, rule = _temperature(quantity, unit, to)
    else:
        factor, rules = _factor(unit, to, _checked(packs), grams_per_mole)
        value, rule = Fraction(quantity) * factor, "; ".join(rules)
    made, exact = to_decimal(value, places)
    return tell(
        "unit",
        Conversion(quantity=made, unit=to, from_quantity=quantity, from_unit=unit, rule=rule, exact=exact),
    )


def factor(unit: str, to: str, *, packs: Sequence[Pack] = ()) -> tuple[Fraction, str]:
    """How many `to` one `unit` is, exactly, and by which rule: for prices, which must not be rounded on the way.

    Raises `Invalid` where a unit is not known, one cannot become the other, or they are no multiples (temperatures).
    """
    if meaning(unit).offset or meaning(to).offset:
        raise _unlike(unit, to)
    found, rules = _factor(unit, to, _checked(packs), None)
    return found, "; ".join(rules)


def _temperature(quantity: Decimal, unit: str, to: str) -> tuple[Fraction, str]:
    source, target = meaning(unit), meaning(to)
    if source.dimension != target.dimension:
        raise _unlike(unit, to)
    kelvin = Fraction(quantity) * source.factor + source.offset
    return (kelvin - target.offset) / target.factor, f"{unit} and {to} by their distance to absolute zero"


def _checked(packs: Sequence[Pack]) -> Sequence[Pack]:
    for number, pack in enumerate(packs):
        if not pack.holds.is_finite() or pack.holds <= 0:
            raise Invalid(f"one {pack.unit} must hold more than nothing")
        if any(pack.unit == other.unit for other in packs[:number]):
            raise Invalid(f"it is said twice what one {pack.unit} holds")
    return packs


def _factor(
    unit: str, to: str, packs: Sequence[Pack], grams_per_mole: Decimal | None, seen: frozenset[str] = frozenset()
) -> tuple[Fraction, list[str]]:
    """How many `to` one `unit` is, with the rules used. Goes through packages as far as they are described."""
    found = _direct(unit, to, grams_per_mole)
    if found is not None:
        return found
    for pack in packs:
        if pack.unit in seen:
            continue
        holds = Fraction(pack.holds)
        for one, other, factor in ((pack.unit, pack.of, holds), (pack.of, pack.unit, 1 / holds)):
            first = _direct(unit, one, None)
            if first is None:
                continue
            try:
                rest, rules = _factor(other, to, packs, grams_per_mole, seen | {pack.unit})
            except Invalid:
                continue
            return first[0] * factor * rest, [*first[1], pack.rule, *rules]
    raise _unlike(unit, to)


def _direct(unit: str, to: str, grams_per_mole: Decimal | None) -> tuple[Fraction, list[str]] | None:
    """Without packages; none: they are of different dimensions."""
    source, target = meaning(unit), meaning(to)
    ratio, rules = source.factor / target.factor, []
    if source.dimension != target.dimension:
        by_mass = _by_mass(source, target, grams_per_mole)
        if by_mass is None:
            return None
        ratio *= by_mass
        rules = [f"1 mol = {plain(grams_per_mole or Decimal(0))} g"]
    elif unit == to:
        return ratio, rules
    return ratio, [*rules, f"1 {unit} = {_number(ratio)} {to}"]


def _by_mass(source: Meaning, target: Meaning, grams_per_mole: Decimal | None) -> Fraction | None:
    """The factor between mol and g, where that is the whole difference."""
    if grams_per_mole is None or not grams_per_mole.is_finite() or grams_per_mole <= 0:
        return None
    left, right = dict(source.dimension), dict(target.dimension)
    moles = left.pop("mol", 0) - right.pop("mol", 0)
    grams = left.pop("g", 0) - right.pop("g", 0)
    if left != right or moles + grams or abs(moles) != 1:
        return None
    return Fraction(grams_per_mole) ** moles


def _number(ratio: Fraction) -> str:
    """A factor as people read it: a decimal number where it is one, else a fraction."""
    value, exact = to_decimal(ratio, 20)
    return plain(value) if exact else f"{ratio.numerator}/{ratio.denominator}"


def _unlike(unit: str, to: str) -> Invalid:
    return Invalid(f"'{unit}' cannot become '{to}': they measure different things, and no package of the item says how")
