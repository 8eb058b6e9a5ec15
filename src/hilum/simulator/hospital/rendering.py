"""Events as HL7 v2.5.1 messages and CSV files.

Written without the hub's own HL7 package: a system that is tested with itself as the partner proves little. The
invented texts hold no delimiters, so nothing needs escaping.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hilum.simulator.hospital.catalogue import CURRENCY, Article
from hilum.simulator.hospital.people import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One FT1 segment."""

    number: str  # FT1-2
    code: str
    title: str
    quantity: str
    price: Decimal
    credit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One line of a requisition."""

    article: Article
    quantity: int


def timestamp(moment: datetime) -> str:
    """To the second (HL7 v2.5.1 §2.A.22)."""
    return moment.strftime("%Y%m%d%H%M%S")


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment from its fields by number."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields, default=0) + 1))])


def message(kind: str, *, application: str, facility: str, control_id: str, at: datetime, segments: list[str]) -> bytes:
    """An HL7 v2.5.1 message in ER7 with a carriage return after each segment."""
    head = rf"MSH|^~\&|{application}|{facility}|HUB|HILUM|{timestamp(at)}||{kind}|{control_id}|P|2.5.1"
    return ("\r".join([head, *segments]) + "\r").encode()


def pid(patient: Patient, facility: str) -> str:
    """The patient."""
    return segment(
        "PID",
        {
            1: "1",
            3: f"{patient.number}^^^{facility}^MR",
            5: f"{patient.family}^{patient.given}",
            7: patient.birth_date.strftime("%Y%m%d"),
            8: patient.sex,
            11: f"{patient.street}^^{patient.city}^^{patient.postal_code}^BE",
            13: f"{patient.phone}^PRN^PH",
            18: f"{patient.account}^^^{facility}^AN",
        },
    )


def pv1(patient: Patient, facility: str, *, admitted: datetime | None, discharged: datetime | None = None) -> str:
    """The visit."""
    fields = {1: "1", 2: "I", 3: f"{patient.ward}^^^{facility}", 19: f"{patient.visit}^^^{facility}^VN"}
    if admitted is not None:
        fields[44] = timestamp(admitted)
    if discharged is not None:
        fields[45] = timestamp(discharged)
    return segment("PV1", fields)


def ft1(set_id: int, line: ChargeLine, at: datetime, ward: str) -> str:
    """One charge line."""
    return segment(
        "FT1",
        {
            1: str(set_id),
            2: line.number,
            4: timestamp(at),
            5: timestamp(at),
            6: "CD" if line.credit else "CG",
            7: f"{line.code}^{line.title}^L",
            10: line.quantity,
            12: f"{line.price}&{CURRENCY}",
            13: ward,
        },
    )


def supply_order(requisition: str, place: int, line: RequestLine, *, at: datetime, ward: str) -> list[str]:
    """One order group of an ORM^O01: ORC, RQD, RQ1 (HL7 v2.5.1 §4.11)."""
    return [
        segment(
            "ORC", {1: "NW", 2: f"{requisition}-{place}", 4: requisition, 9: timestamp(at), 12: "88^Ibsenholt^Leo"}
        ),
        segment("RQD", {1: str(place), 2: line.article.code, 5: str(line.quantity), 6: "EA", 7: ward, 9: ward}),
        segment("RQ1", {4: line.article.supplier}),
    ]


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A CSV text (RFC 4180) with a head line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="", extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
