"""UCUM (The Unified Code for Units of Measure 2.2), case-sensitive: codes such as `mg/dL`, `10*3/uL`, `mm[Hg]`.

Prefixes, powers, products, quotients and annotations are read; factors are exact fractions. Atoms that only count
something by convention (`[iU]`, `eq`, `osm`) are dimensions of their own: nothing is converted into them silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from hilum.errors import Invalid

Dimension = tuple[tuple[str, int], ...]
"""Base units with their exponents, by name: `(("g", 1), ("m", -3))`. Empty: a pure number."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for: `value × factor + offset` base units of the dimension."""

    factor: Fraction
    dimension: Dimension = ()
    offset: Fraction = field(default=Fraction(0))  # only of temperatures


_PREFIXES: Mapping[str, Fraction] = MappingProxyType(
    {
        name: Fraction(10) ** power
        for name, power in {
            "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
            "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
        }.items()
    }
    | {"Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40)}
)  # fmt: skip

# Atoms that take prefixes: (factor, of what). A dimension is its own base unit.
_METRIC: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "m": ("1", ""), "s": ("1", ""), "g": ("1", ""), "rad": ("1", ""), "K": ("1", ""), "C": ("1", ""),
        "cd": ("1", ""), "mol": ("1", ""), "eq": ("1", ""), "osm": ("1", ""), "[iU]": ("1", ""),
        "Hz": ("1", "s-1"), "N": ("1", "kg.m/s2"), "Pa": ("1", "N/m2"), "J": ("1", "N.m"), "W": ("1", "J/s"),
        "A": ("1", "C/s"), "V": ("1", "J/C"), "F": ("1", "C/V"), "Ohm": ("1", "V/A"), "S": ("1", "Ohm-1"),
        "Wb": ("1", "V.s"), "T": ("1", "Wb/m2"), "H": ("1", "Wb/A"), "Bq": ("1", "s-1"), "Gy": ("1", "J/kg"),
        "Sv": ("1", "J/kg"), "kat": ("1", "mol/s"), "U": ("1", "umol/min"), "L": ("1", "dm3"), "l": ("1", "dm3"),
        "ar": ("100", "m2"), "t": ("1000", "kg"), "bar": ("100000", "Pa"), "m[Hg]": ("133.322", "kPa"),
        "m[H2O]": ("9.80665", "kPa"), "cal": ("4.184", "J"), "Ci": ("37000000000", "Bq"), "dyn": ("1", "g.cm/s2"),
        "[IU]": ("1", "[iU]"), "sr": ("1", "rad2"), "lm": ("1", "cd.sr"), "lx": ("1", "lm/m2"), "P": ("1", "dyn.s/cm2"),
        "St": ("1", "cm2/s"), "G": ("0.0001", "T"), "R": ("0.000258", "C/kg"), "RAD": ("100", "erg/g"),
        "REM": ("1", "RAD"), "erg": ("1", "dyn.cm"), "eV": ("1.602176634e-19", "J"), "u": ("1.66053906660e-24", "g"),
        "cal_th": ("4.184", "J"), "cal_IT": ("4.1868", "J"), "cal_m": ("4.19002", "J"), "st": ("1", "m3"),
        "gf": ("9.80665", "g.m/s2"), "mho": ("1", "S"), "tex": ("1", "g/km"), "g%": ("1", "g/dL"),
        "[g]": ("9.80665", "m/s2"), "[c]": ("299792458", "m/s"), "bit": ("1", ""), "By": ("8", "bit"),
    }
)  # fmt: skip

# Atoms that take none.
_PLAIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "10*": ("10", "1"), "10^": ("10", "1"), "%": ("0.01", "1"), "[ppth]": ("0.001", "1"),
        "[ppm]": ("0.000001", "1"), "[ppb]": ("0.000000001", "1"),
        "min": ("60", "s"), "h": ("3600", "s"), "d": ("86400", "s"), "wk": ("604800", "s"),
        "mo": ("2629800", "s"), "a": ("31557600", "s"),  # UCUM: of the mean Julian year
        "[in_i]": ("2.54", "cm"), "[ft_i]": ("30.48", "cm"), "[yd_i]": ("91.44", "cm"), "[mi_i]": ("1609.344", "m"),
        "[sin_i]": ("1", "[in_i]2"), "[sft_i]": ("1", "[ft_i]2"), "[cin_i]": ("1", "[in_i]3"),
        "[cft_i]": ("1", "[ft_i]3"), "[gr]": ("64.79891", "mg"), "[lb_av]": ("7000", "[gr]"),
        "[oz_av]": ("437.5", "[gr]"), "[stone_av]": ("98000", "[gr]"), "[gal_us]": ("231", "[in_i]3"),
        "[qt_us]": ("57.75", "[in_i]3"), "[pt_us]": ("28.875", "[in_i]3"), "[cup_us]": ("14.4375", "[in_i]3"),
        "[foz_us]": ("1.8046875", "[in_i]3"), "[tbs_us]": ("0.90234375", "[in_i]3"),
        "[tsp_us]": ("0.30078125", "[in_i]3"), "[gal_br]": ("4.54609", "L"), "[pt_br]": ("0.56826125", "L"),
        "[foz_br]": ("28.4130625", "mL"), "[drp]": ("0.05", "mL"), "[Cal]": ("1", "kcal"),
        "[arb'U]": ("1", ""), "[USP'U]": ("1", ""), "[CFU]": ("1", ""), "[PFU]": ("1", ""), "[CCID_50]": ("1", ""),
        "[GPL'U]": ("1", ""), "[MPL'U]": ("1", ""), "[APL'U]": ("1", ""), "[HPF]": ("1", ""), "[LPF]": ("1", ""),
        "[pH]": ("1", ""),
        "[pptr]": ("0.000000000001", "1"), "atm": ("101325", "Pa"), "[psi]": ("1", "[lbf_av]/[in_i]2"),
        "[lbf_av]": ("9.80665", "[lb_av].m/s2"),
        "a_t": ("365.24219", "d"), "a_j": ("365.25", "d"), "a_g": ("365.2425", "d"), "mo_j": ("30.4375", "d"),
        "mo_g": ("30.436875", "d"), "mo_s": ("29.53059", "d"),
        "[pi]": ("3.1415926535897932384626433832795028841971693993751058209749445923", "1"),
        "deg": ("2", "[pi].rad/360"), "'": ("1", "deg/60"), "''": ("1", "deg/3600"), "circ": ("2", "[pi].rad"),
        "[nmi_i]": ("1852", "m"), "[kn_i]": ("1", "[nmi_i]/h"), "[fth_i]": ("6", "[ft_i]"),
        "[mil_i]": ("0.001", "[in_i]"),
        "[hd_i]": ("4", "[in_i]"), "[syd_i]": ("1", "[yd_i]2"), "[cyd_i]": ("1", "[yd_i]3"),
        "[ft_us]": ("1200", "m/3937"), "[rd_us]": ("16.5", "[ft_us]"), "[acr_us]": ("160", "[rd_us]2"),
        "[Ch]": ("1", "mm/3"),  # French, the gauge of catheters
        "[diop]": ("1", "m-1"), "[mesh_i]": ("1", "[in_i]-1"), "[MET]": ("3.5", "mL/min/kg"),
        "[PRU]": ("1", "mm[Hg].s/mL"), "[wood'U]": ("1", "mm[Hg].min/L"), "[S]": ("1", "10*-13.s"),
        "[in_i'H2O]": ("0.0254", "m[H2O]"), "[in_i'Hg]": ("0.0254", "m[Hg]"),
        "[gil_us]": ("1", "[pt_us]/4"), "[fdr_us]": ("1", "[foz_us]/8"), "[min_us]": ("1", "[fdr_us]/60"),
        "[bbl_us]": ("42", "[gal_us]"), "[bu_us]": ("2150.42", "[in_i]3"), "[gal_wi]": ("1", "[bu_us]/8"),
        "[pk_us]": ("1", "[bu_us]/4"), "[dqt_us]": ("1", "[pk_us]/8"), "[dpt_us]": ("1", "[dqt_us]/2"),
        "[foz_m]": ("30", "mL"), "[cup_m]": ("240", "mL"), "[tsp_m]": ("5", "mL"), "[tbs_m]": ("15", "mL"),
        "[qt_br]": ("1", "[gal_br]/4"), "[gil_br]": ("1", "[pt_br]/4"), "[fdr_br]": ("1", "[foz_br]/8"),
        "[min_br]": ("1", "[fdr_br]/60"), "[dr_av]": ("1", "[oz_av]/16"), "[scwt_av]": ("100", "[lb_av]"),
        "[lcwt_av]": ("112", "[lb_av]"), "[ston_av]": ("20", "[scwt_av]"), "[lton_av]": ("20", "[lcwt_av]"),
        "[pwt_tr]": ("24", "[gr]"), "[oz_tr]": ("20", "[pwt_tr]"), "[lb_tr]": ("12", "[oz_tr]"),
        "[sc_ap]": ("20", "[gr]"), "[dr_ap]": ("3", "[sc_ap]"), "[oz_ap]": ("8", "[dr_ap]"),
        "[lb_ap]": ("12", "[oz_ap]"),
        "[oz_m]": ("28", "g"), "[car_m]": ("0.2", "g"), "[den]": ("1", "g/9/km"), "[degR]": ("5", "K/9"),
        "[Btu_IT]": ("1.05505585262", "kJ"), "[Btu_th]": ("1.05435", "kJ"), "[Btu_m]": ("1.05587", "kJ"),
        "[Btu]": ("1", "[Btu_th]"), "[HP]": ("550", "[ft_i].[lbf_av]/s"),
        # arbitrary: each a dimension of its own
        **dict.fromkeys(
            ("[beth'U]", "[anti'Xa'U]", "[todd'U]", "[dye'U]", "[smgy'U]", "[bdsk'U]", "[ka'U]", "[knk'U]",
             "[mclg'U]", "[tb'U]", "[TCID_50]", "[EID_50]", "[FFU]", "[IR]", "[BAU]", "[AU]", "[Amb'a'1'U]", "[PNU]",
             "[Lf]", "[D'ag'U]", "[FEU]", "[ELU]", "[EU]", "[NTU]", "[FNU]", "[hnsf'U]"),
            ("1", ""),
        ),
    }
)  # fmt: skip

# Temperatures have a zero of their own: they stand alone, never in a product.
_SPECIAL: Mapping[str, Meaning] = MappingProxyType(
    {
        "Cel": Meaning(Fraction(1), (("K", 1),), Fraction("273.15")),
        "[degF]": Meaning(Fraction(5, 9), (("K", 1),), Fraction("459.67") * Fraction(5, 9)),
    }
)

_TOKEN = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<sign>[./])|(?P<note>\{[^{}]*\})"
    r"|(?P<atom>10[*^]|'{1,2}|(?:[A-Za-z%_]|\[[^\[\]]*\])+)(?P<power>[+-]?\d+)?|(?P<number>\d+)"
)
_LONGEST = 100  # characters of a code; the longest in use have about forty


@lru_cache(maxsize=4096)
def meaning(code: str) -> Meaning:
    """What a UCUM code stands for. Raises `Invalid` where it is none."""
    if code in _SPECIAL:
        return _SPECIAL[code]
    if not code or len(code) > _LONGEST:
        raise Invalid("this is not a UCUM code")
    tokens = []
    at = 0
    while at < len(code):
        found = _TOKEN.match(code, at)
        if found is None:
            raise Invalid(f"this is not a UCUM code (character {at + 1})")
        tokens.append(found)
        at = found.end()
    made, rest = _term(tokens, 0)
    if rest != len(tokens):
        raise Invalid("this is not a UCUM code (a bracket is closed that was not opened)")
    return made


def _term(tokens: list[re.Match[str]], at: int) -> tuple[Meaning, int]:
    """Components joined by `.` and `/`, from the left; ends at a closing bracket."""
    made, power = Meaning(Fraction(1)), 1
    wanted = True  # a component, not a sign
    while at < len(tokens) and not tokens[at]["close"]:
        token = tokens[at]
        if token["sign"]:
            if wanted and not (token["sign"] == "/" and at == 0):
                raise Invalid("this is not a UCUM code (two signs in a row)")
            power, wanted = (-1 if token["sign"] == "/" else 1), True
            at += 1
            continue
        if not wanted and not token["note"]:
            raise Invalid("this is not a UCUM code (a sign is missing)")
        part, at = _component(tokens, at)
        made = _times(made, part, power)
        power, wanted = 1, False
    if wanted:
        raise Invalid("this is not a UCUM code (it ends too early)")
    return made, at


def _component(tokens: list[re.Match[str]], at: int) -> tuple[Meaning, int]:
    token = tokens[at]
    if token["open"]:
        made, end = _term(tokens, at + 1)
        if end == len(tokens):
            raise Invalid("this is not a UCUM code (a bracket is not closed)")
        return made, end + 1
    if token["note"]:
        return Meaning(Fraction(1)), at + 1
    if token["number"]:
        if not int(token["number"]):
            raise Invalid("this is not a UCUM code (a factor of zero)")
        return Meaning(Fraction(int(token["number"]))), at + 1
    power = int(token["power"] or 1)
    if abs(power) > 30:
        raise Invalid("this is not a UCUM code (the power is too high)")
    return _times(Meaning(Fraction(1)), _atom(token["atom"]), power), at + 1


def _atom(text: str) -> Meaning:
    """An atom, or a prefix and an atom that takes one."""
    if text in _PLAIN:
        return _scaled(text, *_PLAIN[text])
    if text in _METRIC:
        return _scaled(text, *_METRIC[text])
    for size in (2, 1):
        prefix, atom = text[:size], text[size:]
        if prefix in _PREFIXES and atom in _METRIC:
            base = _scaled(atom, *_METRIC[atom])
            return Meaning(base.factor * _PREFIXES[prefix], base.dimension)
    raise Invalid("this unit is not known here (UCUM, case-sensitive)")


def _scaled(atom: str, factor: str, of: str) -> Meaning:
    if not of:
        return Meaning(Fraction(factor), ((atom, 1),))
    base = Meaning(Fraction(1)) if of == "1" else meaning(of)
    return Meaning(Fraction(factor) * base.factor, base.dimension)


def _times(left: Meaning, right: Meaning, power: int) -> Meaning:
    exponents = dict(left.dimension)
    for name, exponent in right.dimension:
        exponents[name] = exponents.get(name, 0) + exponent * power
    kept = tuple(sorted((name, exponent) for name, exponent in exponents.items() if exponent))
    return Meaning(left.factor * right.factor**power, kept)
