"""What the run of a supplier does with the world: it asks people, looks into the lists, tells Odoo and the supplier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from hilum.canonical import DocumentStatus, ScreeningOutcome, ScreeningResult, SupplierRegistration
from hilum.facts import Onboarding
from hilum.message import new_id
from hilum.packs.suppliers import checks, register, standing
from hilum.packs.suppliers.beside import beside_lists
from hilum.packs.suppliers.lists import Rescreen
from hilum.packs.suppliers.rules import COMPLIANCE, ONBOARDING, ScreeningDecision, SupplierChange, SupplierRules
from hilum.postgres import Connection
from hilum.processes import Answer, Run, Task
from hilum.processes.periods import duration

HEARD: Final = (SupplierRegistration, Rescreen)


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody on a list, as a step of the run remembers it."""

    list: str
    key: str
    listed: bool
    words: str


class SupplierRun:
    """One registration, and the revision of it that counts."""

    def __init__(self, run: Run, rules: SupplierRules, registration: SupplierRegistration) -> None:
        self.run = run
        self.rules = rules
        self.registration = registration
        self.revision = registration.revision
        self.code = rules.supplier_of(registration)
        self.registered_at = registration.registered_at or run.started_at

    def take(self, heard: SupplierRegistration) -> bool:
        """A later revision counts; an earlier one, or the same, changes nothing."""
        if heard.revision <= self.revision:
            return False
        self.registration, self.revision = heard, heard.revision
        return True

    async def ask(self, task: Task) -> Answer | None:
        """The answer; none: a new revision came, or a list has changed, so what was asked is not what is so."""
        asked = await self.run.put(task)
        while True:
            heard = await self.run.next(*HEARD, answers_to=[asked])
            if isinstance(heard, Answer):
                return heard
            changed = isinstance(heard, Rescreen) or (isinstance(heard, SupplierRegistration) and self.take(heard))
            if changed and await self.run.withdraw(asked):
                return None

    async def findings(self) -> list[checks.Finding]:
        """What is missing, wrong, or ends soon, today."""
        on = (await self.run.now()).date()
        soon = duration(self.rules.remind_before)
        return checks.findings(self.registration, needed=self.rules.credentials, on=on, soon=soon)

    async def look(self) -> list[Found]:
        """Whom of the lists it may be today; what that came to is told to others."""
        registration = self.registration

        async def look(connection: Connection) -> dict[str, Any]:
            hits = await register.screened(connection, registration)
            days = await register.lists(connection)
            for name, _ in days:
                outcome = worst(each.outcome for each in hits if each.list == name)
                await standing.note_screening(connection, self.code, name, outcome, new_id())
            return {
                "found": [[h.list, h.key, h.outcome is ScreeningOutcome.LISTED, h.words, h.score] for h in hits],
                "lists": [[name, day.isoformat()] for name, day in days],
            }

        said = await self.run.query("screening", look)
        await self._publish(said)
        return [Found(list_, key, listed, words) for list_, key, listed, words, _ in said["found"]]

    async def _publish(self, said: dict[str, Any]) -> None:
        at = await self.run.now()
        for name, day in said["lists"]:
            mine = [each for each in said["found"] if each[0] == name]
            outcome = worst(ScreeningOutcome.LISTED if each[2] else ScreeningOutcome.POSSIBLE for each in mine)
            result = ScreeningResult(
                screening=f"{self.registration.number}:{at.isoformat()}",
                subject_type="supplier",
                subject=self.code,
                list_name=name,
                list_date=date.fromisoformat(day),
                outcome=outcome,
                score=round(Decimal(str(max(each[4] for each in mine))), 4) if mine else None,
                screened_at=at,
            )
            await self.run.send(self.rules.screenings, result, key=self.code)

    def question(self, found: Sequence[Found]) -> Task:
        """For Compliance: those of the registration beside those of the lists."""
        how = "is" if any(each.listed for each in found) else "may be" if found else "is no longer"
        title = f"{self.registration.title} {how} on a list of excluded parties"
        words = joined([each.words for each in found] or ["“other” releases it, “same” keeps it blocked"])
        return Task(
            title, ScreeningDecision, team=COMPLIANCE, words=words, due=self.rules.decide_within,
            not_by=[self.registration.registered_by] if self.registration.registered_by else [],
            papers=beside_lists(self.registration, [(each.list, each.key) for each in found]),
        )  # fmt: skip

    async def judge(self, found: Sequence[Found], answer: Answer) -> None:
        """Compliance has decided about these."""
        number, pairs = self.registration.number, [(each.list, each.key) for each in found]
        same, by = answer.content.decision == "same", answer.by

        async def note(connection: Connection) -> int:
            await register.judge(connection, number, pairs, same=same, by=by)
            for name in {each.list for each in found}:
                outcome = ScreeningOutcome.LISTED if same else ScreeningOutcome.CLEAR
                await standing.note_screening(connection, self.code, name, outcome, new_id())
            return len(pairs)

        await self.run.query("verdict", note)

    async def change(self, told: dict[str, Any]) -> None:
        """These fields of the supplier are to be so in Odoo; others stay. A block is also noted in the hub itself."""
        if "blocked" in told:
            blocked, reason = bool(told["blocked"]), str(told["block_reason"])

            async def note(connection: Connection) -> None:
                await standing.note_block(connection, self.code, blocked, reason, new_id())

            await self.run.query("standing", note)
        await self._send(self.rules.changes, SupplierChange(code=self.code, told=told))

    async def answer(self, status: str, words: Sequence[str]) -> None:
        """To the supplier, or the portal."""
        said = DocumentStatus(
            document=self.registration.number,
            flow=ONBOARDING,
            status=status,
            references=(self.registration.business_key, self.code),
            words=joined(words),
            at=await self.run.now(),
        )
        await self._send(self.rules.answers, said)

    def decided(self, outcome: str) -> Onboarding:
        """What is counted of its taking in."""
        return Onboarding(
            document=self.registration.number, supplier=self.code, outcome=outcome, registered_at=self.registered_at
        )

    async def _send(self, channel: str, thing: BaseModel) -> None:
        await self.run.send(channel, thing, key=self.code)


def worst(found: Iterable[ScreeningOutcome]) -> ScreeningOutcome:
    """Of what one list came to; nothing was found on it: clear."""
    told = set(found)
    return next((each for each in (ScreeningOutcome.LISTED, ScreeningOutcome.POSSIBLE) if each in told), _CLEAR)


_CLEAR: Final = ScreeningOutcome.CLEAR


def joined(words: Sequence[str]) -> str:
    """One text for people."""
    return "; ".join(words)[:2000]


def with_comment(words: str, comment: str) -> str:
    """What somebody decided, with what they wrote."""
    return f"{words}: {comment}" if comment else words
