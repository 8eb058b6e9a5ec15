"""Transaction sets of X12 release 005010 as data: which segments in which loops, how often.

    BEG!            mandatory, once             REF*12      up to 12 times
    DTM             once at most                N9*         any number of times
    [N1*200 N2 N3]  a loop that begins with N1, up to 200 times; [PO1!* …] at least once

Segments follow in the order of the standard. What the standard has for other trades (loops of oil, marking, banks'
payroll) is left out where hospitals do not meet it, and such a segment is then told as unexpected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

MANY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A segment, or a loop that begins with it."""

    name: str
    mandatory: bool = False
    most: int = 1
    parts: tuple[Part, ...] = ()  # of a loop: what follows its first segment
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A transaction set without ST and SE."""

    code: str
    title: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> frozenset[str]:
        """Every segment that it may have."""
        return frozenset(_names(self.parts))


def _names(parts: tuple[Part, ...]) -> list[str]:
    return [name for part in parts for name in (part.name, *_names(part.parts))]


# What comes again in many sets.
_PARTY = "N2*2 IN2* N3*2 N4* REF*12 PER*"
_HAUL = "TD1*2 TD5*12 TD3*12 TD4*5"
_HEAD = "CUR REF* PER*3 TAX* FOB* CTP* PAM*10 CSH*5 [SAC*25 CUR] ITD* DIS*20 INC DTM*10 LDT*12 LIN*5 SI* PID*200 MEA*40"
_HEAD_REST = f"PWK*25 PKG*200 {_HAUL} CTB* MAN*10 G53* TXI* PCT*"
_LINE = (
    "LIN* SI* CUR CN1 PO3*25 [CTP* CUR] PAM*10 MEA*40 [PID*1000 MEA*10] PWK*25 PKG*200 PO4* REF* PER*3 "
    "[SAC*25 CUR CTP] IT8 CSH* ITD*2 DIS*20 INC TAX* FOB* SDQ*500 IT3*5 DTM*10 LDT*12 TC2* TD1*2 TD5*12 TD3*12 TD4*5 "
    "PCT*"
)
_LINE_REST = (
    f"MAN*10 MSG* SPI* AMT* CTB* TXI* [QTY* SI*] [PKG*200 MEA*] [SCH*200 {_HAUL} REF*] LS [LDT* QTY* MSG REF*3] LE "
    "[N9*1000 DTM* MEA*40 MSG*1000 PWK* EFI*] [N1*200 N2*2 IN2* N3*2 N4 QTY* NX2* REF*12 PER*3 SI* DTM FOB SCH*200 "
    f"{_HAUL} PKG*200] [SLN*1000 MSG* SI* PID*1000 PO3*104 CTP*25 PAM*10 ACK*104 [SAC*25 CUR CTP] DTM*10 PO4 TAX*3 "
    "ADV* [QTY* SI*] [N9* DTM* MSG*] [N1*10 N2*2 IN2* N3*2 N4 NX2* REF*12 PER*3 SI*]] "
    "[LM* LQ*]"
)
_NOTES = (
    f"[AMT* REF* DTM PCT*] [FA1* FA2*] [N9*1000 DTM* MSG*1000 PWK* EFI*] "
    f"[N1*200 {_PARTY} NX2* SI* FOB {_HAUL} PKG*200 MSG*] [LM* LQ*] "
    "[SPI* REF*5 DTM*5 MSG* [N1*20 N2*2 N3*2 N4 REF*20 G61 MSG*] [CB1* REF*20 DTM*5 LDT MSG*]] [ADV* DTM* MTX*]"
)
_INVOICED = "N2*2 N3*2 N4 REF*12 PER*3 DMG"

_SETS = {
    "810": (
        "Invoice",
        "BIG! NTE*100 CUR REF*12 YNQ*10 PER*3 "
        f"[N1*200 {_INVOICED}] ITD* DTM*10 FOB PID*200 MEA*40 PWK*25 PKG*25 L7 BAL* INC PAM* CRC [LM*10 LQ*100] "
        "[N9* MSG*10] [V1* R4* DTM*] [FA1* FA2*] "
        "[IT1*200000 CRC QTY*5 CUR IT3*5 TXI*10 CTP*25 PAM*10 MEA*40 [PID*1000 MEA*10] PWK*25 PKG*25 PO4 ITD*2 REF* "
        f"YNQ*10 PER*5 SDQ*500 DTM*10 CAD* L7* SR [SAC*25 TXI*10] [SLN*1000 DTM REF* PID*1000 SAC*25 TC2*2 TXI*10] "
        f"[N1*200 {_INVOICED}] [LM*10 LQ*100] [V1* R4* DTM*] [FA1* FA2*]] "
        "TDS! TXI*10 CAD AMT* [SAC*25 TXI*10] [ISS* PID] CTT",
    ),
    "820": (
        "Payment order/remittance advice",
        "BPR! NTE* TRN CUR REF* DTM* [N1* N2* N3* N4 REF* PER* RDM DTM] "
        "[ENT* [NM1* N2* N3* N4 REF* PER*] [ADX* NTE* PER* DTM [REF* DTM*] [IT1* [REF* DTM] [SAC* TXI*]]] "
        "[RMR* NTE* REF* DTM* [IT1* [REF* DTM] [SAC* TXI*]] [ADX* NTE* PER* [REF* DTM*] "
        "[IT1* [REF* DTM] [SAC* TXI*]]]]] [TXP* TXI*] DED* [LX* REF* TRN* [NM1* REF* G53]] [N9 [AMT* REF*] [N1* REF*]]",
    ),
    "832": (
        "Price/sales catalogue",
        "BCT! CTP*100 REF* YNQ*10 PER* DTM*10 CTB*25 CUR*5 ITD*2 LDT* SAC* TD1* TD5* TD3* TD4* FOB PKG* G93*50 TXI* "
        "AAA [N1* N2*2 N3*2 N4* REF*12 PKG* PER* DTM*10] [LM* LQ*] [N9* DTM*] "
        "[LIN* PO1 G53 SI* DTM*10 REF* YNQ*10 PER* CRD* CTB*25 PID*200 MEA*40 PKG*25 PO4 TD1* TD5* TD3* TD4* ITD*2 LDT "
        "SAC* FOB AAA TC2*2 TXI* G55 G54 CUR*5 [CTP*100 G40*99 DTM*10 G36 LDT CUR*5 PO4 CTB*5 REF* G43*9999 SAC* "
        "G26*99] [N1* N2*2 N3*2 N4 REF*12 PER* DTM*10 PKG*] [G39* CTP] [SLN* SI* PID* DTM* CTP* PAM* PO4* PKG* QTY* "
        "MEA* SAC*] [N9* DTM*]] CTT",
    ),
    "845": (
        "Price authorisation acknowledgement/status",
        "BPA! CUR NTE*10 REF*12 PER*3 DTM*10 [N1*10000 N2*2 N3*2 N4 REF*12 PER*3 DTM*10] "
        "[CON!*10000 REF*12 PER*3 DTM*10 CTB*10 ITD*2 [N1*10000 N2*2 N3*2 N4 REF*12 PER*3 DTM*2 CTB*25] "
        "[PAD* CTB*10 PID*200 MEA*40 UIT*20 QTY*5 AMT*5 CUR SSS SHP DTM*2 [LIN G53 SLN*100] "
        "[N1*10000 N2*2 N3*2 N4 DTM*10 CTB*25] [CTP*25 DTM*10 CTB*25 [N1*10000 N2*2 N3*2 N4 DTM*10 CTB*25]]]] CTT!",
    ),
    "850": ("Purchase order", f"BEG! {_HEAD} {_HEAD_REST} {_NOTES} [PO1!*100000 {_LINE} {_LINE_REST}] [CTT AMT]"),
    "855": (
        "Purchase order acknowledgement",
        f"BAK! {_HEAD} {_HEAD_REST} {_NOTES} [PO1*100000 {_LINE} [ACK*104 DTM] {_LINE_REST}] [CTT AMT]",
    ),
    "856": (
        "Ship notice/manifest",
        "BSN! DTM*10 [HL!*200000 LIN SN1 SLN*1000 PRF PO4 PID*200 MEA*40 PWK*25 PKG*25 TD1*20 TD5*12 TD3*12 TD4*5 TSD "
        "REF* PER*3 [CLD*200 REF*200 DTP] MAN* DTM*10 FOB PAL [N1*200 N2*2 N3*2 N4 REF*12 PER*3 FOB] SDQ*50 ETD CUR "
        "[SAC* CUR] GF YNQ*10 [LM*10 LQ*100] [V1* R4* DTM*]] CTT",
    ),
    "860": (
        "Purchase order change by the buyer",
        f"BCH! {_HEAD} {_HEAD_REST} {_NOTES} [POC* {_LINE} {_LINE_REST}] [CTT AMT*5]",
    ),
    "865": (
        "Purchase order change acknowledgement, or change by the seller",
        f"BCA! {_HEAD} {_HEAD_REST} {_NOTES} [POC* {_LINE} [ACK*104 DTM] {_LINE_REST} PD*] [CTT AMT*5]",
    ),
    "867": (
        "Product transfer and resale report",
        "BPT! CUR DTM*10 REF*12 PER*3 MEA*20 PSA*10 [N1*5 N2*2 N3*2 N4 REF*12 [PER* REF*]] [LM* LQ*100] "
        "[PTD!* DTM*10 REF*20 PRF PER*3 MAN [N1*5 N2*2 N3*2 N4 REF*20 PER*3 [SII* N9]] "
        "[QTY* LIN PO3*25 PO4 UIT*12 AMT*12 ITA*10 PID*200 MEA*40 PWK*25 PKG*25 REF* PER*3 DTM*10 CUR DD LDT "
        "[LM* LQ*100] [LX* REF* DTM N1 [LM* LQ*100]] [FA1* FA2*]]] [CTT AMT*12 ITA*10]",
    ),
    "997": ("Functional acknowledgement", "AK1! [AK2* [AK3* AK4*99] AK5!] AK9!"),
    "999": ("Implementation acknowledgement", "AK1! [AK2* [IK3* CTX*10 [IK4* CTX*10]] IK5!] AK9!"),
}

_TOKEN = re.compile(r"\[|\]|[A-Z][A-Z0-9]{1,2}!?(?:\*\d*)?")


def structure_of(title: str, notation: str, code: str) -> Structure:
    """A structure of its notation; for a partner's own transaction set or one that is not here."""
    tokens = _TOKEN.findall(notation)
    parts, rest = _parts(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f"the notation of {code} closes a loop that it does not open")
    return Structure(code, title, parts)


def _parts(tokens: list[str], at: int) -> tuple[tuple[Part, ...], int]:
    found: list[Part] = []
    while at < len(tokens) and tokens[at] != "]":
        if tokens[at] == "[":
            inner, end = _parts(tokens, at + 2)
            found.append(_part(tokens[at + 1], inner, loop=True))
            at = end + 1
        else:
            found.append(_part(tokens[at], (), loop=False))
            at += 1
    return tuple(found), at


def _part(token: str, parts: tuple[Part, ...], *, loop: bool) -> Part:
    head, star, most = token.partition("*")
    times = (int(most) if most else MANY) if star else 1
    return Part(head.rstrip("!"), head.endswith("!"), times, parts, loop)


@cache
def structures() -> Mapping[str, Structure]:
    """Transaction set → its structure."""
    return MappingProxyType({code: structure_of(title, parts, code) for code, (title, parts) in _SETS.items()})
