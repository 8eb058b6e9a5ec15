"""Data elements and segments of X12 release 005010 (X12.3 and X12.22), as far as our transaction sets use them.

    number:TYPE min-max                     an element: 373:DT8-8
    SEGMENT number! number number …         a segment: its elements in their order, ! where mandatory
    … | P0304 R0203 C0504 L030405 E0218     relational conditions (X12.6 §3.7.3)

Types: AN text, ID code, R number with a decimal point, N0 to N9 number with implied decimals, DT date, TM time,
B binary. `C001` is a composite. Where releases differ, the wider length holds, for senders mix them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple


class Element(NamedTuple):
    """A data element."""

    number: int
    type: str
    least: int  # characters; of numbers digits
    most: int


class Use(NamedTuple):
    """An element's place in a segment. A composite has no element and is not looked into."""

    element: Element | None
    mandatory: bool


class Condition(NamedTuple):
    """A rule over elements of a segment: paired, required, conditional, list conditional, exclusive."""

    kind: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """What a segment may hold."""

    name: str
    uses: tuple[Use, ...]
    conditions: tuple[Condition, ...]


_ELEMENTS = """
2:N0 1-6 19:AN2-30 22:ID1-1 23:ID1-1 24:ID4-4 26:ID2-3 28:N0 1-9 40:ID2-2 54:ID2-2 61:AN1-30 65:R1-8 66:ID1-2
67:AN2-80 76:AN1-22 79:AN1-50 80:N0 1-7 81:R1-10 82:R1-8 87:AN1-48 88:ID1-2 90:ID1-2 91:ID1-2 92:ID2-2 93:AN1-60
96:N0 1-10 97:N0 1-6 98:ID2-3 100:ID3-3 102:ID1-1 103:ID3-5 107:ID1-2 116:ID3-15 118:R1-9 123:N0 1-6 127:AN1-80
128:ID2-3 133:ID1-2 140:ID2-4 143:ID3-3 146:ID2-2 156:ID2-2 166:AN1-55 183:R1-8 187:ID1-2 189:R1-8 206:AN1-4
207:AN1-15 212:R1-17 225:AN2-15 234:AN1-80 235:ID2-2 236:ID3-3 248:ID1-1 280:R4-10 284:ID2-2 289:N0 1-2 305:ID1-2
306:ID1-2 309:ID1-2 310:AN1-30 324:AN1-22 325:AN1-20 326:AN1-45 327:AN1-8 328:AN1-30 329:AN4-9 330:R1-15 331:ID2-2
332:R1-6 333:ID1-2 334:ID2-2 335:ID3-3 336:ID2-2 337:TM4-8 338:R1-6 342:R1-6 347:R1-10 349:ID1-1 350:AN1-20 351:N0 1-3
352:AN1-80 353:ID2-2 354:N0 1-6 355:ID2-2 356:N0 1-6 357:R1-8 358:R1-15 362:N2 1-10 363:ID3-3 364:AN1-256 365:ID2-2
366:ID2-2 367:AN1-30 368:ID2-2 369:AN1-45 370:DT8-8 373:DT8-8 374:ID3-3 378:ID1-1 380:R1-15 382:R1-10 384:R1-9
385:R1-9 386:N0 1-3 387:AN1-35 388:DT8-8 389:N2 1-10 396:AN2-30 407:ID2-2 426:ID2-2 441:ID1-1 443:AN1-20 446:DT8-8
447:AN1-6 478:ID1-1 479:ID2-2 480:AN1-12 481:ID1-2 482:ID2-2 486:ID2-2 499:AN1-10 506:ID2-2 507:ID3-12 508:AN1-35
509:AN10-10 510:AN9-9 521:ID2-2 522:ID1-3 554:N0 1-6 559:ID2-2 569:ID1-3 587:ID2-2 591:ID3-3 610:N2 1-15 620:ID1-2
623:ID2-2 628:AN1-12 639:ID2-2 640:ID2-2 641:ID3-3 646:R1-15 648:ID3-3 649:R1-10 662:ID1-1 668:ID2-2 669:ID3-3
670:ID2-2 671:R1-9 673:ID2-2 683:ID2-2 684:AN1-15 685:AN1-15 686:AN1-6 687:ID2-2 688:ID2-2 706:ID2-2 715:ID1-1
716:ID1-3 717:ID1-1 718:ID1-3 719:N0 1-10 720:ID1-3 721:ID2-3 722:N0 1-2 723:ID1-3 724:AN1-99 725:N0 1-4 728:ID1-2
731:ID2-2 732:ID2-2 733:R1-4 734:AN1-12 735:ID1-2 736:ID1-1 737:ID2-2 738:ID1-3 739:R1-20 740:R1-20 741:R1-20
750:ID2-3 751:AN1-12 752:ID2-2 755:ID2-2 765:N0 1-2 770:AN1-20 782:R1-18 786:ID2-2 810:N0 1-6 812:ID1-10 819:ID2-3
822:AN1-15 828:R1-9 846:ID2-2 875:ID3-3 933:AN1-264 934:ID2-2 935:ID2-2 936:ID2-2 954:R1-10 955:ID2-2 956:AN1-10
963:ID2-2 1005:ID4-4 1019:ID3-3 1035:AN1-60 1036:AN1-35 1037:AN1-25 1038:AN1-10 1039:AN1-10 1048:ID1-3 1065:ID1-1
1073:ID1-1 1166:ID2-2 1232:ID2-2 1250:ID2-3 1251:AN1-35 1271:AN1-45 1300:ID4-4 1301:AN1-10 1373:ID2-4 1470:N0 1-9
1704:AN1-35 1705:AN1-35
"""

# Product identifiers, each with its qualifier, as they end many segments.
_IDS = {count: " 235 234" * count for count in (8, 10, 14, 15)}
_MORE = {"{8}": _IDS[8], "{10}": _IDS[10], "{14}": _IDS[14]}

_SEGMENTS = """
ACK 668! 380 355 374 373 326{10} 559 822 1271 | P0203 C0405 P0708 P0910 P1112 P1314 P1516
ADX 782! 426! 128 127 | P0304
AK1 479! 28! 480
AK2 143! 329! 1705
AK3 721! 719! 447 720
AK4 C030! 725 723! 724
AK5 717! 718 718 718 718 718
AK9 715! 97! 123! 2! 716 716 716 716 716
AMT 522! 782! 478
BAK 353! 587! 324! 373! 328 326 367 127 373 640
BCA 353! 587 324! 328 327 373! 326 367 127 373 373 373 92 786 640
BCH 353! 92! 324! 328 327 373! 326 367 127 373 373 1166 786 587 640 1232
BCT 683! 684 685 686 355 684 685 686 352 353 640 373
BEG 353! 92! 324! 328 373! 367 587 1019 1166 1232 786 640
BIG 373! 76! 373 324 328 327 640 353 306 76 332 373
BPA 353! 373! 128 127 337 | P0304
BPR 305! 782! 478! 591! 812 506 507 569 508 509 510 506 507 569 508 373 1048 506 507 569 508 | P0607 P1213 P1819
BPT 353! 127 373! 755 648 649 306 337 127 786 | P0506
BSN 353! 396! 373! 337! 1005 640 641 | C0706
CAD 91 206 207 140 387 368 128 127 284 | R0504 C0708
CON 128! 127! 846!
CTB 688! 352 673 380 522 610 | R020406 P0304 P0506
CTP 687 236 212 380 C001 648 649 782 639 499 289 | P0405 C1103
CTT 354! 347 81 355 183 355 352 | P0304 P0506
CTX C998! 721 719 447 C030 C999
CUR 98! 100! 280 98 100 669 374 373 337 374 373 337 374 373 337 374 373 337 374 373 337
DTM 374! 373 337 623 1250 1251 | R020305 C0403 P0506
ENT 554 98 66 67 98 66 67 128 127 | P020304 P050607 P0809
FOB 146! 309 352 334 335 309 352 54 352 | C0302 C0405 C0706 C0809
G53 875!
HL 628! 734 735! 736
IK3 721! 719! 447 620
IK4 C030! 725 723! 724
IK5 717! 618 618 618 618 618
ISS 382 355 81 355 183 355 380 81 | R010305 P0102 P0304 P0506
IT1 350 358 355 212 639{10} | P020304 P0607 P0809 P1011 P1213 P1415
ITD 336 333 338 370 351 446 386 362 388 389 342 352 765 107 954
LIN 350 235! 234!{14} | P0405 P0607 P0809 P1011 P1213 P1415
MAN 88! 87! 87 88 87 87 | P0405 C0605
MEA 737 738 739 C001 740 741 935 936 752 1373
MSG 933! 934 1470 | C0302
N1 98! 93 66 67 706 98 | R0203 P0304
N2 93! 93
N3 166! 166
N4 19 156 116 26 309 310 | C0605
N9 128! 127 369 373 337 623 C040 | R0203 C0605
NM1 98! 1065! 1035 1036 1037 1038 1039 66 67 706 98 1035 | P0809 C1110
NTE 363 352!
PAD 350 521 670 648 649 | R0102 P0405
PER 366! 93 365 364 365 364 365 364 443 | P0304 P0506 P0708
PID 349! 750 559 751 352 752 822 1073 819 | C0403 R0405 C0703 C0804 C0905
PO1 350 330 355 212 639{10} | C0302 C0504 P0607 P0809 P1011 P1213 P1415
PO4 356 357 355 103 187 384 355 385 355 82 189 65 355 810 752 350 350 1470 | P0203 C0506 P0607 P0809
POC 350 670! 330 671 C001 212 639{10} | C030405 C0706 P0809 P1011 P1213 P1415
PRF 324! 328 327 373 350 367 92
PTD 521! 648 649 128 127 486 | P0203 P0405
QTY 673! 380 C001 61 | R0204 E0204
REF 128! 127 352 C040 | R0203
RMR 128 127 482 782 782 782 426 782 | P0102 P0708
SAC 248! 1300 559 1301 610 378 332 118 355 380 380 331 127 770 352 819 | R0203 P0304 P0607 P0910 C1110
SCH 380! 355! 98 93 374! 373! 337 374 373 337 326 350 | C0304 C0908
SE 96! 329!
SLN 350! 350 662! 380 C001 212 639 662{10} | P0405 C0706 P0910 P1112 P1314
SN1 350 382! 355! 646 330 355 728 668 | P0506
ST 143! 329! 1705
TD1 103 80 23 22 79 187 81 355 183 355 | C0102 C0304 C0607 P0708 P0910
TD3 40 206 207 187 81 355 102 407 225 24 | E0110 C0203 C0405 P0506
TD5 133 66 67 91 387 368 309 310 731 732 733 284 284 284 26 | R0204050612 C0203 C0708
TDS 610! 610 610 610
TRN 481! 127! 509 127
TXI 963! 782 954 955 956 441 662 828 325 350 | R020306 P0405 C0803
UIT C001! 212 639
"""

_ELEMENT = re.compile(r"(\d+):(AN|ID|R|N\d|DT|TM|B)\s?(\d+)-(\d+)")


def _read_elements() -> Mapping[int, Element]:
    found = {
        int(number): Element(int(number), kind, int(least), int(most))
        for number, kind, least, most in _ELEMENT.findall(_ELEMENTS)
    }
    # codes of the answers, which have no table of their own above
    return MappingProxyType({**found, 618: Element(618, "ID", 1, 3)})


ELEMENTS: Mapping[int, Element] = _read_elements()
"""Data element number → the element."""


def _read_segment(line: str) -> SegmentRule:
    for short, long in _MORE.items():
        line = line.replace(short, long)
    body, _, rules = line.partition("|")
    name, *uses = body.split()
    return SegmentRule(
        name,
        tuple(Use(None if use.startswith("C") else ELEMENTS[int(use.rstrip("!"))], use.endswith("!")) for use in uses),
        tuple(
            Condition(rule[0], tuple(int(rule[at : at + 2]) for at in range(1, len(rule), 2))) for rule in rules.split()
        ),
    )


@cache
def segment_rules() -> Mapping[str, SegmentRule]:
    """Segment name → what it may hold. A segment that is not there is not looked into."""
    rules = (_read_segment(line) for line in _SEGMENTS.strip().splitlines())
    return MappingProxyType({rule.name: rule for rule in rules})
