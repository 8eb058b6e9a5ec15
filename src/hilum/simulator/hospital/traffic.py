"""The story that the traffic tells: who comes, what is used on them, what runs low, and what goes wrong on purpose."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Literal

from hilum.simulator.hospital import people
from hilum.simulator.hospital.catalogue import ALIAS, Article, Ward
from hilum.simulator.hospital.events import Event, Flaw, Order, OrderedLine, Person, Use
from hilum.simulator.hospital.people import Patient
from hilum.simulator.hospital.rendering import ChargeLine, RequestLine, ft1, message, pid, pv1, supply_order, table

if TYPE_CHECKING:
    from hilum.simulator.hospital.hospital import Hospital

Requisitions = Literal["hl7", "csv", "none"]
"""How stores ask for supplies: by ORM^O01, by a spreadsheet in a folder, or not at all."""

BEDS = 40  # patients at one time
LINES_OF_A_REQUISITION = 3  # items that are gathered before a store asks
LONGEST_STEP = 90  # seconds between two events of the story, at most
REMEMBERED = 50  # events that a duplicate may be one of
LINES_OF_A_CHARGE = 4  # FT1 segments, at most
RETURNED = 0.03  # share of charge lines after which one piece is given back

REGISTRATION, THEATRE, STORES = "REG", "OR", "STORES"  # sending applications


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How much goes wrong, each as a share of all events from 0 to 1. Normally nothing does."""

    duplicate: float = 0.0
    early: float = 0.0  # of admissions: charges before the admission
    unmapped: float = 0.0
    malformed: float = 0.0
    unreadable: float = 0.0


@dataclass(slots=True)
class _Stay:
    patient: Patient
    admitted: datetime


class Story:
    """One run of the hospital. Everything random comes from one generator, so a seed tells one story."""

    def __init__(
        self, hospital: Hospital, *, shares: Shares, requisitions: Requisitions, start: datetime, run: str
    ) -> None:
        self._hospital = hospital
        self._shares = shares
        self._requisitions: Requisitions = requisitions
        self._random = Random(f"{hospital.seed}:{run}")  # noqa: S311 — a story, not a secret
        self._now = start
        self._run = run
        self._stays: list[_Stay] = []
        self._patients = 0
        self._messages = 0
        self._asked = 0
        self._stock = hospital.opening()
        self._used: dict[tuple[str, str], int] = {}  # (store, item) → pieces since the store last asked
        self._low: dict[str, list[str]] = {}  # store → items that ran low and are not yet asked for
        self._sent: deque[Event] = deque(maxlen=REMEMBERED)

    def events(self, count: int | None) -> Iterator[Event]:
        """The first `count` events of the story, or all of it, which does not end."""
        return islice(self._all(), count)

    def _all(self) -> Iterator[Event]:
        while True:
            self._now += timedelta(seconds=self._random.randint(1, LONGEST_STEP))
            for event in self._step():
                self._sent.append(event)
                yield event
                if self._happens(self._shares.duplicate):
                    repeated = self._random.choice(self._sent)
                    yield replace(repeated, flaw=Flaw.DUPLICATE, uses=(), orders=(), person=None)

    def _step(self) -> Iterator[Event]:
        """One thing happens, to somebody."""
        for flaw, share in (
            (Flaw.UNMAPPED, self._shares.unmapped),
            (Flaw.MALFORMED, self._shares.malformed),
            (Flaw.UNREADABLE, self._shares.unreadable),
        ):
            if self._happens(share):
                yield self._flawed(flaw)
                return
        if len(self._stays) < BEDS // 4 or (len(self._stays) < BEDS and self._happens(0.15)):
            yield from self._admit()
            return
        stay = self._random.choice(self._stays)
        chance = self._random.random()
        if chance < 0.70:
            yield self._charge(stay)
            yield from self._ask_for_supplies()
        elif chance < 0.80:
            yield self._update(stay)
        elif chance < 0.88:
            yield self._transfer(stay)
        else:
            yield self._discharge(stay)

    # Patients

    def _admit(self) -> Iterator[Event]:
        stay = _Stay(self._new_patient(), self._now)
        self._stays.append(stay)
        if self._happens(self._shares.early):
            yield replace(self._charge(stay), flaw=Flaw.EARLY)
        yield self._adt("A01", stay)

    def _update(self, stay: _Stay) -> Event:
        stay.patient.phone = people.phone(self._random)
        if self._happens(0.3):
            stay.patient.street = people.street(self._random)
        return self._adt("A08", stay)

    def _transfer(self, stay: _Stay) -> Event:
        stay.patient.ward = self._random.choice(self._hospital.wards).code
        return self._adt("A02", stay)

    def _discharge(self, stay: _Stay) -> Event:
        self._stays.remove(stay)
        return self._adt("A03", stay)

    def _adt(self, event: str, stay: _Stay) -> Event:
        patient, facility = stay.patient, self._hospital.facility
        discharged = self._now if event == "A03" else None
        control_id, at = self._control_id(REGISTRATION), self._now
        segments = [
            f"EVN||{at:%Y%m%d%H%M%S}",
            pid(patient, facility),
            pv1(patient, facility, admitted=stay.admitted, discharged=discharged),
        ]
        kind = f"ADT^{event}"
        return Event(
            kind=kind,
            channel="hl7",
            body=message(
                kind, application=REGISTRATION, facility=facility, control_id=control_id, at=at, segments=segments
            ),
            control_id=control_id,
            key=patient.account,
            at=at,
            person=Person(
                account=patient.account,
                family=patient.family,
                given=patient.given,
                phone=patient.phone,
                street=patient.street,
                visit=patient.visit,
                status="finished" if event == "A03" else "in-progress",
            ),
        )

    def _new_patient(self) -> Patient:
        self._patients += 1
        patient = people.invent(self._random, self._patients, self._random.choice(self._hospital.wards).code)
        patient.account += self._run
        patient.visit += self._run
        return patient

    # Charges

    def _charge(self, stay: _Stay) -> Event:
        control_id, store = self._control_id(THEATRE), self._ward(stay.patient.ward).store
        lines: list[ChargeLine] = []
        uses: list[Use] = []
        for _ in range(self._random.randint(1, LINES_OF_A_CHARGE)):
            article, quantity = self._taken(store)
            returned = article.stocked and quantity > 1 and self._happens(RETURNED)
            for pieces, credit in ((quantity, False), *(((1, True),) if returned else ())):
                line = self._line(f"{control_id}-{len(lines) + 1}", article, pieces, credit)
                lines.append(line)
                uses.append(self._use(line, article, pieces, stay.patient, store))
        return self._dft(control_id, stay.patient, lines, uses=tuple(uses), admitted=stay.admitted)

    def _taken(self, store: str) -> tuple[Article, int]:
        """An article and how much of it; never more than the store has."""
        if self._happens(0.8):
            article = self._random.choice(self._hospital.items)
            most = 2 if article.price > 100 else 8
            quantity = min(self._random.randint(1, most), int(self._stock[article.code, store]))
            if quantity:
                return article, quantity
        return self._random.choice(self._hospital.services), 1

    def _line(self, number: str, article: Article, pieces: int, credit: bool) -> ChargeLine:
        return ChargeLine(
            number=number,
            code=article.code,
            title=article.title.replace(",", ""),
            quantity=str(pieces),
            price=article.price,
            credit=credit,
        )

    def _use(self, line: ChargeLine, article: Article, pieces: int, patient: Patient, store: str) -> Use:
        """What a line leads to; also takes it from the stock of the story."""
        signed = -pieces if line.credit else pieces
        if article.stocked:
            self._stock[article.code, store] -= signed
            used = self._used[store, article.code] = self._used.get((store, article.code), 0) + signed
            if used >= self._hospital.reorder_at and article.code not in self._low.setdefault(store, []):
                self._low[store].append(article.code)
        credit = ":credit" if line.credit else ""
        return Use(
            transaction=f"{self._hospital.facility}:{line.number}{credit}",
            account=patient.account,
            item=article.code,
            quantity=Decimal(signed),
            price=article.price,
            store=store if article.stocked else "",
        )

    def _dft(
        self,
        control_id: str,
        patient: Patient,
        lines: Sequence[ChargeLine],
        *,
        uses: tuple[Use, ...] = (),
        admitted: datetime | None,
        flaw: Flaw = Flaw.NONE,
    ) -> Event:
        facility, at = self._hospital.facility, self._now
        segments = [f"EVN||{at:%Y%m%d%H%M%S}", pid(patient, facility), pv1(patient, facility, admitted=admitted)]
        segments += [ft1(number, line, at, patient.ward) for number, line in enumerate(lines, 1)]
        body = message(
            "DFT^P03", application=THEATRE, facility=facility, control_id=control_id, at=at, segments=segments
        )
        return Event(
            kind="DFT^P03",
            channel="hl7",
            body=body,
            control_id=control_id,
            key=patient.account,
            at=at,
            flaw=flaw,
            uses=uses,
        )

    def _flawed(self, flaw: Flaw) -> Event:
        """A charge that will be held or refused, on an account that nothing else touches: it holds back only itself."""
        patient, control_id = self._new_patient(), self._control_id(THEATRE)
        store = self._ward(patient.ward).store
        there = [item for item in self._hospital.items if self._stock[item.code, store] > 0]
        if not there and flaw is Flaw.UNMAPPED:
            flaw = Flaw.MALFORMED  # nothing is left that could be used
        article = self._random.choice(there or self._hospital.items)
        line = self._line(f"{control_id}-1", article, 1, credit=False)
        uses: tuple[Use, ...] = ()
        if flaw is Flaw.UNMAPPED:
            uses = (self._use(line, article, 1, patient, store),)
            line = replace(line, code=f"{ALIAS}{article.code}")
        elif flaw is Flaw.MALFORMED:
            line = replace(line, quantity="two")
        event = self._dft(control_id, patient, [line], uses=uses, admitted=None, flaw=flaw)
        return replace(event, body=event.body[3:]) if flaw is Flaw.UNREADABLE else event

    # Supplies

    def _ask_for_supplies(self) -> Iterator[Event]:
        """A store whose items ran low asks for what it used."""
        if self._requisitions == "none":
            return
        for store, codes in self._low.items():
            if len(codes) < LINES_OF_A_REQUISITION:
                continue
            lines = [
                RequestLine(article=self._hospital.article(code), quantity=self._used.pop((store, code)))
                for code in codes
            ]
            codes.clear()
            yield self._requisition(store, lines)

    def _requisition(self, store: str, lines: Sequence[RequestLine]) -> Event:
        self._asked += 1
        number = f"RQ{500000 + self._asked}{self._run}"
        ward = next(ward for ward in self._hospital.wards if ward.store == store).code
        if self._requisitions == "csv":
            body, control_id = self._spreadsheet(number, ward, lines), f"{number}.csv"
        else:
            control_id = self._control_id(STORES)
            groups = [supply_order(number, place, line, at=self._now, ward=ward) for place, line in enumerate(lines, 1)]
            body = message(
                "ORM^O01",
                application=STORES,
                facility=self._hospital.facility,
                control_id=control_id,
                at=self._now,
                segments=[line for group in groups for line in group],
            )
        return Event(
            kind="CSV" if self._requisitions == "csv" else "ORM^O01",
            channel="file" if self._requisitions == "csv" else "hl7",
            body=body,
            control_id=control_id,
            key=number,
            at=self._now,
            orders=tuple(_orders(number, store, lines)),
        )

    def _spreadsheet(self, number: str, ward: str, lines: Sequence[RequestLine]) -> bytes:
        rows = [
            {
                "requisition": number,
                "line": place,
                "item": line.article.code,
                "quantity": line.quantity,
                "unit": "EA",
                "department": ward,
                "deliver_to": ward,
                "requested_at": self._now.isoformat(),
            }
            for place, line in enumerate(lines, 1)
        ]
        return table(tuple(rows[0]), rows).encode()

    # Small things

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _control_id(self, application: str) -> str:
        self._messages += 1
        return f"{application}{self._run}{self._messages:07d}"

    def _ward(self, code: str) -> Ward:
        return next(ward for ward in self._hospital.wards if ward.code == code)


def _orders(number: str, store: str, lines: Sequence[RequestLine]) -> Iterator[Order]:
    """One order per supplier, as the procurement pack makes them."""
    by_supplier: dict[str, list[OrderedLine]] = {}
    for line in lines:
        ordered = OrderedLine(item=line.article.code, quantity=Decimal(line.quantity), cost=line.article.cost)
        by_supplier.setdefault(line.article.supplier, []).append(ordered)
    for supplier, ordered_lines in by_supplier.items():
        yield Order(number=f"{number}-{supplier}", supplier=supplier, store=store, lines=tuple(ordered_lines))
