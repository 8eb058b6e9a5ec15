"""Units of X12 (data element 355) and those of the hub: UN/ECE Recommendation 20 for what is counted or measured.

X12 has codes of its own for these, and some of them mean something else where the hub reads them: `ML` is a millilitre
in X12 and a megalitre in UCUM, `PC` a piece and a petacoulomb. Packages (`BX`, `CA`, `PK`) keep the code that was sent:
what one holds is a fact about an item, and that fact names the package as supplier and hospital do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hilum.canonical.units import bare
from hilum.packs.procurement.x12_items import EACH

_HUB: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PC": "H87", "UN": "C62", "HU": "CEN", "TH": "MIL", "UM": "MIO", "GS": "GRO", "GG": "GGR", "DP": "DPR",
        "LB": "LBR", "OZ": "ONZ", "GR": "GRM", "KG": "KGM", "ME": "MGM", "AF": "CGM", "KK": "DTN", "MP": "TNE",
        "LT": "LTR", "DL": "DLT", "C3": "CLT", "ML": "MLT", "H4": "HLT", "GA": "GLL", "QT": "QTL", "PT": "PTL",
        "FO": "OZA", "FZ": "OZI", "MR": "MTR", "DM": "DMT", "CM": "CMT", "MM": "MMT", "DK": "KMT", "IN": "INH",
        "FT": "FOT", "YD": "YRD", "SM": "MTK", "SC": "CMK", "MS": "MMK", "SI": "INK", "SF": "FTK", "CR": "MTQ",
        "C8": "DMQ", "CC": "CMQ", "CI": "INQ", "CF": "FTQ", "MJ": "MIN", "HR": "HUR", "DA": "DAY", "WK": "WEE",
        "MO": "MON", "YR": "ANN", "F2": "NIU", "K7": "KWT", "KH": "KWH",
    }
)  # fmt: skip
"""Code of X12 → code of Recommendation 20, where they differ. `EA`, `DZ`, `PR`, `HC`, `4G` are the same in both."""

_X12: Final[Mapping[str, str]] = MappingProxyType(
    {theirs: ours for ours, theirs in _HUB.items()} | {"PCE": "PC", "DZN": "DZ", "C62": EACH}
)


def unit_of(code: str) -> str:
    """The hub's unit of what a partner sent; without a code, each."""
    return _HUB.get(code, code) or EACH


def unit_for(unit: str) -> str:
    """The code by which X12 knows a unit of the hub. A package loses the X of Recommendation 20: `XBX` is `BX`."""
    return _X12.get(unit, bare(unit))
