"""What a hospital decides about its payment gateways: journals and accounts, who is asked, how long is waited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from hilum.canonical import BankTransaction
from hilum.errors import SettingsError
from hilum.packs.finance.payment_rules import TREASURY
from hilum.processes.periods import Period


class SettlementDecision(BaseModel):
    """What to do with a settlement that is not as it was told."""

    decision: Literal["wait", "book", "close"] = Field(
        description="wait: what is missing may still come; book: book it as the gateway says; close: by hand."
    )
    comment: str = ""


class PayoutDecision(BaseModel):
    """What to do with money on the statement that the gateway has not told of."""

    decision: Literal["wait", "leave"] = Field(
        description="wait: the gateway may still tell of it; leave: it is settled by hand in the ledger."
    )
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccounts:
    """One gateway in the ledger."""

    journal: str  # short name of the bank journal that payouts reach
    moves_journal: str  # of the journal in which its payments are booked
    clearing: str  # account of what the gateway holds for us: that of its journal
    fees: str  # account of what it keeps
    transfer: str  # account between the two journals, which the line of the statement is booked on
    payouts: str  # regular expression: what the bank says of its payouts, in words or name

    def is_payout(self, line: BankTransaction) -> bool:
        """Does the bank tell of a payout of this gateway?"""
        words = f"{line.words} {line.party_name}"
        return line.journal == self.journal and re.search(self.payouts, words, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRules:
    """A hospital's own rules."""

    gateways: Mapping[str, GatewayAccounts]  # by the code that its flow gives it
    zone: str = "UTC"  # of days
    decide_within: Period = "P2D"
    expect_moves: Period = "PT6H"  # so long a settlement waits for moves that it names and nobody told
    expect_line: Period = "P5D"  # and for its line on the statement, from its day on; a line for its settlement
    look_every: Period = "PT1H"
    answer_chargebacks: Period = "P7D"  # from the day of a chargeback on: gateways take objections for some days only
    desk: str = TREASURY
    entries: str = "receivables.entries"  # the channel of journal entries

    def of(self, gateway: str) -> GatewayAccounts:
        """Raises `SettingsError` for a gateway that the rules do not name."""
        found = self.gateways.get(gateway)
        if found is None:
            raise SettingsError(f"There is no gateway {gateway} in the rules: say its journals and accounts.")
        return found

    def gateway_of(self, line: BankTransaction) -> str:
        """Whose payout a line is; empty: of none."""
        return next((code for code, each in self.gateways.items() if each.is_payout(line)), "")

    def day_of(self, moment: datetime) -> date:
        """The day in the hospital's zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()
