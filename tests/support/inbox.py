"""The inbox of people: what is asked of them, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hilum.postgres import Database
from hilum.processes import Process, decide, inbox
from hilum.processes.tasks import Asked, answer_of
from hilum.testing import eventually
from support.looks import beside


class People:
    """The people at a hub with some processes; many a test has a world around them that inherits from this."""

    def __init__(self, database: Database, processes: Sequence[Process]) -> None:
        self.database = database
        self.processes = processes

    async def asked_now(self) -> Sequence[Asked]:
        """What is open."""
        async with self.database.cold() as connection:
            return await inbox(connection)

    async def tasks(self, count: int) -> Sequence[Asked]:
        """So many are open."""
        return await self._until(f"{count} tasks", lambda seen: seen if len(seen) == count else None)

    async def nothing_is_asked(self) -> None:
        """None is open."""
        await self.tasks(0)

    async def only_task(self, team: str = "", *, title: str = "") -> Asked:
        """The one that is open: of this team, and its title begins so. Its papers can be read."""

        def wanted(seen: Sequence[Asked]) -> Sequence[Asked] | None:
            return seen if len(seen) == 1 and team in ("", seen[0].team) and seen[0].title.startswith(title) else None

        return await self._one(f"one task of {team or 'whomever'}: {title or 'whatever'}", wanted)

    async def task(self, title: str) -> Asked:
        """The one whose title begins so, whatever else is open. Its papers can be read."""

        def wanted(seen: Sequence[Asked]) -> Sequence[Asked] | None:
            found = [each for each in seen if each.title.startswith(title)]
            return found if len(found) == 1 else None

        return await self._one(f"one task {title}", wanted)

    async def answer(self, task: Asked, by: str = "ada", **content: Any) -> None:
        """Somebody who may approve decides."""
        forms = {name: form for each in self.processes for name, form in each.forms.items()}
        async with self.database.transaction() as connection:
            given = answer_of(forms[task.form], content)
            await decide(connection, task.id, given, actor=by, permissions={"approve"})

    async def _one(self, words: str, wanted: Callable[[Sequence[Asked]], Sequence[Asked] | None]) -> Asked:
        (found,) = await self._until(words, wanted)
        assert await beside(self.database, found)
        return found

    async def _until(self, words: str, wanted: Callable[[Sequence[Asked]], Sequence[Asked] | None]) -> Sequence[Asked]:
        seen: list[Asked] = []
        found: list[Sequence[Asked]] = []

        async def there() -> bool:
            seen[:] = await self.asked_now()
            chosen = wanted(seen)
            found[:] = [] if chosen is None else [[*chosen]]
            return bool(found)

        await eventually(there, lambda: f"{words}, not {[(each.team, each.title, each.words) for each in seen]}")
        return found[0]
