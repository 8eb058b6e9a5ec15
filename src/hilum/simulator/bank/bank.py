"""One account at a bank: orders come in, statements go out, and troubles on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from hilum.errors import Invalid
from hilum.formats import bai2, iso20022, mt940
from hilum.formats.banking import Balance, BalanceKind, Detail, Entry, Party, Report, Statement, StatementKind
from hilum.simulator.files import put

BACK_AFTER: Final = timedelta(days=1)
LATE_BY: Final = timedelta(days=3)


class Trouble(StrEnum):
    """What goes wrong with payments to an account."""

    REJECT = "reject"  # pain.002: AC04
    SILENT = "silent"  # never answered and never paid
    PENDING = "pending"  # answered PDNG, then paid
    LATE = "late"  # paid three days after
    RETURN = "return"  # paid, and back a day later: AC04
    RETURN_PART = "return part"  # half of it comes back
    PARTIAL = "partial"  # half of it is paid
    NAMELESS = "nameless"  # the statement does not say the end-to-end id


class StatementForm(StrEnum):
    """How statements are written."""

    CAMT_053 = "camt.053"
    MT940 = "mt940"
    BAI2 = "bai2"


_CODES: Mapping[StatementForm, tuple[str, str]] = MappingProxyType(
    {
        StatementForm.CAMT_053: ("PMNT-RCDT-RRTN", "PMNT-ICDT-ESCT"),
        StatementForm.MT940: ("NRTI", "NTRF"),
        StatementForm.BAI2: ("195", "495"),
    }
)
"""Codes of money that comes in and that goes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that will be booked on a day."""

    day: date
    amount: Decimal
    transfer: iso20022.Transfer
    back: bool = False
    named: bool = True


class Bank:
    """One account. `folder` has `orders`, where files for the bank are put; answers, notifications, statements come."""

    def __init__(
        self,
        folder: Path,
        *,
        account: Party,
        currency: str,
        opening: Decimal = Decimal(10_000),
        form: StatementForm = StatementForm.CAMT_053,
    ) -> None:
        self.account = account
        self.currency = currency
        self.balance = opening
        self.form = form
        names = ("orders", "answers", "notifications", "statements")
        self.orders, self.answers, self.notifications, self.statements = (folder / name for name in names)
        for each in (self.orders, self.answers, self.notifications, self.statements):
            each.mkdir(parents=True, exist_ok=True)
        self._troubles: dict[str, Trouble] = {}
        self._times: dict[str, int | None] = {}
        self._files: set[str] = set()
        self._ids: set[str] = set()
        self._ahead: deque[Movement] = deque()
        self._count = 0

    def trouble(self, account: str, kind: Trouble, *, times: int | None = None) -> None:
        """Payments to this account go wrong from now on: all of them, or the next so many."""
        self._troubles[account] = kind
        self._times[account] = times

    def open_mail(self, at: datetime) -> int:
        """Take what lies in `orders`; each file is answered, and is gone then. Returns how many."""
        found = sorted(path for path in self.orders.iterdir() if path.suffix == ".xml")
        for path in found:
            answer = self.receive(path.read_bytes(), at)
            if answer is not None:
                put(self.answers / f"{path.stem}-{self._count}.xml", answer)
            path.unlink()
        return len(found)

    def receive(self, order: bytes, at: datetime) -> bytes | None:
        """A pain.001, as it may come by HTTP too; the pain.002 that answers it. None: the bank says nothing."""
        found = iso20022.read(order)
        if not isinstance(found, iso20022.Initiation):
            raise Invalid("this is no pain.001")
        self._count += 1
        judged = [self._judged(found, run, each) for run in found.runs for each in run.transfers]
        statuses = [status for status in judged if status is not None]
        repeated = found.number in self._files
        self._files.add(found.number)
        if repeated:
            statuses = [_status("message", found.number, "RJCT", "AM05")]
        if not statuses:
            return None
        report = iso20022.StatusReport(
            number=f"STS-{self._count}",
            created_at=at,
            original=found.number,
            original_kind="pain.001.001.09",
            statuses=tuple(statuses),
        )
        return iso20022.write_status(report)

    def notify(self, day: date, *, batch: bool = False, to: Path | None = None) -> Path:
        """Tell at once what the end of the day will book (camt.054), in `notifications` or another place.

        `batch`: as one entry of several payments.
        """
        due = [each for each in self._ahead if each.day <= day]
        self._count += 1
        entries = tuple(self._entry(place, each, day) for place, each in enumerate(due, 1))
        if batch:
            entries = (_together(entries),)
        number = str(self._count)
        told = Statement(
            kind=StatementKind.NOTIFICATION, where="", account=self.account.account, currency=self.currency,
            number=number, from_day=day, to_day=day, entries=entries,
        )  # fmt: skip
        path = to or self.notifications / f"{day:%Y%m%d}-{number}.xml"
        report = Report(number=f"N{number}", created_at=_at(day), statements=(told,))
        put(path, iso20022.write_statements(report))
        return path

    def end_of_day(self, day: date, *, times: int = 1, batch: bool = False) -> list[Path]:
        """Book what is due, and say so; `times`: how often the statement comes, each in a file of its own.

        `batch`: all that leaves or comes in is one sum that names nobody.
        """
        due = [each for each in self._ahead if each.day <= day]
        self._ahead = deque(each for each in self._ahead if each.day > day)
        before = self.balance
        self.balance += sum((each.amount for each in due), Decimal(0))
        self._count += 1
        number = str(self._count)
        entries = tuple(self._entry(place, each, day) for place, each in enumerate(due, 1))
        if batch:
            entries = (replace(_together(entries), details=()),)
        made = self._written(Report(number=f"D{number}", created_at=_at(day), statements=(
            Statement(
                kind=StatementKind.STATEMENT, where="", account=self.account.account, currency=self.currency,
                number=number, from_day=day, to_day=day, entries=entries,
                balances=(self._balance(BalanceKind.OPENING, before, day),
                          self._balance(BalanceKind.CLOSING, self.balance, day)),
            ),
        )))  # fmt: skip
        paths = [self.statements / f"{day:%Y%m%d}-{number}-{copy}.txt" for copy in range(1, times + 1)]
        for path in paths:
            put(path, made)
        return paths

    def book(self, day: date, transfer: iso20022.Transfer) -> None:
        """Something leaves the account that nobody ordered by file."""
        self._ahead += _movements(transfer, day, None)

    def _judged(
        self, order: iso20022.Initiation, run: iso20022.PaymentRun, transfer: iso20022.Transfer
    ) -> iso20022.Status | None:
        """What is said of one payment; what it moves is noted."""
        id, kind = transfer.end_to_end_id, self._troubles.get(transfer.creditor.account)
        if order.number in self._files:
            return None
        if id in self._ids:
            return _status("payment", id, "RJCT", "AM05", run=run.number)
        self._use_up(transfer.creditor.account)
        if kind is Trouble.SILENT:
            return None
        self._ids.add(id)
        if kind is Trouble.REJECT:
            return _status("payment", id, "RJCT", "AC04", run=run.number)
        self._ahead += _movements(transfer, run.execute_on, kind)
        return _status("payment", id, "PDNG" if kind is Trouble.PENDING else "ACSP", run=run.number)

    def _use_up(self, account: str) -> None:
        left = self._times.get(account)
        if left is not None:
            self._times[account] = left - 1
            if left <= 1:
                self._troubles.pop(account, None)

    def _entry(self, position: int, moved: Movement, day: date) -> Entry:
        transfer = moved.transfer
        detail = Detail(
            amount=moved.amount,
            currency=transfer.currency,
            end_to_end_id=transfer.end_to_end_id if moved.named else "",
            party=transfer.creditor,
            remittance=transfer.remittance,
            return_code="AC04" if moved.back else "",
        )
        return Entry(
            position=position,
            where="",
            amount=moved.amount,
            currency=transfer.currency,
            booked_on=day,
            value_on=day,
            reference=f"B{self._count}-{position}",
            code=_CODES[self.form][moved.amount < 0],
            details=(detail,),
        )

    def _balance(self, kind: BalanceKind, amount: Decimal, day: date) -> Balance:
        return Balance(kind=kind, code="", amount=amount, currency=self.currency, day=day)

    def _written(self, report: Report) -> bytes:
        write: Mapping[StatementForm, Callable[[], bytes]] = {
            StatementForm.CAMT_053: lambda: iso20022.write_statements(report),
            StatementForm.MT940: lambda: mt940.write(report.statements),
            StatementForm.BAI2: lambda: bai2.write(report, sender="BANK", receiver="HOSPITAL"),
        }
        return write[self.form]()


def _together(entries: Sequence[Entry]) -> Entry:
    """One entry of all of them."""
    amount = sum((each.amount for each in entries), Decimal(0))
    return replace(entries[0], amount=amount, details=tuple(detail for each in entries for detail in each.details))


def _movements(transfer: iso20022.Transfer, day: date, kind: Trouble | None) -> list[Movement]:
    """What a payment moves, and when. Halves are cut to the cent."""
    half = round(transfer.amount / 2, 2)
    paid = Movement(
        day=day + LATE_BY if kind is Trouble.LATE else day,
        amount=-half if kind is Trouble.PARTIAL else -transfer.amount,
        transfer=transfer,
        named=kind is not Trouble.NAMELESS,
    )
    back = {Trouble.RETURN: transfer.amount, Trouble.RETURN_PART: half}.get(kind) if kind is not None else None
    if back is None:
        return [paid]
    return [paid, Movement(day=day + BACK_AFTER, amount=back, transfer=transfer, back=True)]


def _status(
    level: Literal["message", "payment"], number: str, code: str, reason: str = "", *, run: str = ""
) -> iso20022.Status:
    return iso20022.Status(
        level=level,
        number=number,
        run=run,
        code=code,
        reasons=(iso20022.Reason(code=reason),) if reason else (),
    )


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
