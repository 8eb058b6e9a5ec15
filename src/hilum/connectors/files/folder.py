"""The folder: a source that takes files, whole or by their parts, and moves them when they are done."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePath
from typing import Any, ClassVar

import structlog

from hilum.connector import Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.files.asking import Asked, counted, fitting
from hilum.connectors.files.folder_settings import FolderSettings
from hilum.connectors.files.job import WINDOW_BYTES, WINDOW_UNITS, Job, Window
from hilum.connectors.files.splitting import Shape, splitter
from hilum.connectors.files.store import Entry, Missing, Split, Store, digest, told, within_limit
from hilum.connectors.intake import Intake
from hilum.ending import cancel_all
from hilum.errors import Down, Failure, HilumError, Invalid, SettingsError
from hilum.waiting import listen

log = structlog.get_logger(__name__)

_FORMATS: dict[Split, str] = {
    "rows": "row", "fixed": "row", "xlsx": "row", "parquet": "row", "hl7": "hl7v2", "x12": "x12",
    "x12-interchange": "x12-interchange", "edifact": "edifact", "edifact-interchange": "edifact-interchange",
    "json": "json", "xml": "xml",
    "none": "bytes",
}  # fmt: skip

_AT_ONCE = 200  # units that are read in a thread before they are handed over


class Folder(Source):
    """Takes the files of a folder, in the order of their names.

    `Folder(url="/srv/in", pattern="*.csv", split="rows")`: the settings are keyword arguments, see `FolderSettings`.

    A file is moved only after each of its units was accepted, so a crash at any point reads it again; the
    idempotency key of a unit is made of the file's name and content and the unit's number, so that the journal knows
    what it has. The same file under the same name a second time is therefore a duplicate. A file stays one reading:
    when a part is refused for good the rest is still taken, and the file goes to `failed` with the reasons.
    """

    Settings = FolderSettings
    kind: ClassVar[str] = "files"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(FolderSettings, self.kind, settings)
        # what a body is depends on the setting
        vars(self)["default_format"] = _FORMATS[self.settings.split]
        self.schedule = self.settings.when
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # what its windows are compared with
        self._store: Store = self.settings.store()
        self._intake: Intake | None = None
        self._window: Window | None = None
        self._task: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}  # by name: files that were read and wait to be moved
        self._seen: dict[str, tuple[Entry, float]] = {}  # by name: how it was, and since when it has been so
        self._asked: Asked | None = None
        self._bell = asyncio.Event()  # somebody asks

    def __repr__(self) -> str:
        return f"<Folder {self.address}>"

    @property
    def address(self) -> str:
        """The directory and the pattern: two flows with different patterns are two sources."""
        prefix = "" if self._store.address.startswith("sftp:") else "file:"
        return f"{prefix}{self._store.address}/{self.settings.pattern}"

    async def open(self) -> None:
        """Begin to look. Raises `Down` when the directory cannot be reached, `SettingsError` for a wrong key file."""
        if self._task is not None:
            return
        await self._store.open(self.settings.done, self.settings.failed)
        self._seen.clear()
        self._intake = Intake(WINDOW_UNITS, WINDOW_BYTES)
        self._window = Window(self._intake, self.settings.poll)
        self._task = asyncio.create_task(self._look(self._intake, self._window), name=f"folder {self.address}")

    async def close(self) -> None:
        """Stop looking. What is not answered stays in the folder and is read again."""
        task, self._task = self._task, None
        if task is None:
            return
        tasks = [task, *self._under_way.values()]
        self._under_way.clear()
        await cancel_all(tasks)  # a defect in one of them was raised by `receive`
        if self._window is not None:
            self._window.close()
        if self._intake is not None:
            self._intake.close()
        if self._asked is not None:
            self._asked.end(Down("the folder was closed meanwhile"))
        await self._store.close()

    async def check(self) -> str:
        """List the directory. Raises `Down` with the reason."""
        found = [entry for entry in await self._store.entries() if self._matches(entry.name)]
        return f"{self.address}: {counted(len(found))} waiting"

    def wants(self, received: Received) -> bool:
        """All that matches the pattern, and nothing else is taken."""
        return True

    async def receive(self) -> Sequence[Received]:
        """Wait for units; an empty sequence only when it is closed."""
        taken = await self._intake.take() if self._intake is not None else ()
        if not taken and self._task is not None and self._task.done():
            self._task.result()
        return taken

    # ---- asked by a person

    async def take_now(self, since: datetime | None) -> str:
        """Take the files that are there now, also outside the windows; says how many.

        `since`: outside the windows only files modified then or later, by the clock of the far side. A file that is
        still being written is not taken (`stable_for`, `marker`). Raises `Down`.
        """
        if self._asked is None or self._asked.done:
            self._asked = Asked(since)
        self._bell.set()
        return await self._asked.answer()

    async def would_take(self, since: datetime | None) -> str:
        """What is there, in words; takes nothing. Raises `Down`."""
        found = fitting([entry for entry in await self._store.entries() if self._matches(entry.name)], since)
        size = sum(entry.size for entry in found)
        return f"{counted(len(found))} of {size} bytes would be taken from {self.address}"

    # ---- the look-out

    async def _look(self, intake: Intake, window: Window) -> None:
        try:
            while True:
                asked = self._asked if self._asked is not None and not self._asked.done else None
                opened = self.settings.when is None or self.settings.when.open_at(self.clock())
                if opened or asked is not None:
                    await self._look_once(window, asked, None if opened or asked is None else asked.since)
                await self._pause(asked)
        except Exception:
            intake.close()  # a defect: `receive` ends and raises it, so that it is seen
            raise

    async def _pause(self, asked: Asked | None) -> None:
        """Until the next look, or until somebody asks."""
        seconds = self.settings.poll
        if asked is not None and not asked.done:  # it ends with a look after this time
            seconds = min(seconds, self.settings.stable_for)
        await listen(self._bell, seconds)

    async def _look_once(self, window: Window, asked: Asked | None, since: datetime | None) -> None:
        for finishing in self._under_way.values():
            if finishing.done():
                finishing.result()  # only a defect leaves a finished task here
        began, taken = asyncio.get_running_loop().time(), 0
        try:
            for entry in self._ready(fitting(await self._store.entries(), since)):
                await self._take(entry, window)
                taken += 1
        except (Failure, SettingsError) as failure:
            # the next look tries again; the runtime shows a source that says nothing for long
            log.warning("folder_down", folder=self.address, reason=str(failure))
            if asked is not None:
                asked.end(failure)
            return
        if asked is not None:
            asked.looked(began, taken, patience=0 if self.settings.marker else self.settings.stable_for)

    def _matches(self, name: str) -> bool:
        marker = self.settings.marker
        return fnmatch.fnmatchcase(name, self.settings.pattern) and not (marker and name.endswith(marker))

    def _ready(self, entries: Sequence[Entry]) -> list[Entry]:
        """The files that nobody writes any more: with a marker beside, or unchanged for long enough."""
        entries = [entry for entry in entries if entry.name not in self._under_way]
        names = {entry.name for entry in entries}
        files = [entry for entry in entries if self._matches(entry.name)]
        if self.settings.marker:
            return [entry for entry in files if entry.name + self.settings.marker in names]
        now = asyncio.get_running_loop().time()
        seen = self._seen
        self._seen = {
            entry.name: seen[entry.name] if entry.name in seen and seen[entry.name][0] == entry else (entry, now)
            for entry in files
        }
        return [entry for entry in files if now - self._seen[entry.name][1] >= self.settings.stable_for]

    async def _take(self, entry: Entry, window: Window) -> None:
        """Read one file and hand its units over; another task waits for the answers. `Down`: it is read again."""
        try:
            content = await digest(self._store, entry.name)
        except Missing:
            return  # another process took it
        job = Job(entry.name, content, window, self._store.address)
        error: HilumError | None = None
        try:
            await self._hand_over(job)
        except Missing:
            return
        except Invalid as invalid:
            error = invalid
        finishing = asyncio.create_task(self._finish(job, error), name=f"file {entry.name}")
        self._under_way[entry.name] = finishing

    async def _finish(self, job: Job, error: HilumError | None) -> None:
        """Wait until all of the file is answered, then move it, as often as that needs."""
        await job.answered()
        while True:
            try:
                await self._put_away(job, error)
            except Failure as failure:
                log.warning("folder_down", folder=self.address, reason=str(failure))
                await asyncio.sleep(self.settings.poll)
            else:
                break
        # from here on the name is free for the next file
        self._seen.pop(job.name, None)
        del self._under_way[job.name]

    async def _hand_over(self, job: Job) -> None:
        settings = self.settings
        parts = splitter(
            Shape(
                split=settings.split,
                max_unit=settings.max_unit,
                max_file=settings.max_file,
                encoding=settings.encoding,
                delimiter=settings.delimiter,
                columns=settings.columns,
                element=settings.element,
                sheet=settings.sheet,
            )
        )
        async with aclosing(self._store.read(job.name)) as chunks:
            async for chunk in chunks:
                for unit in await asyncio.to_thread(parts.feed, chunk):
                    await job.hand(unit)
        last = iter(parts.finish())
        while units := await asyncio.to_thread(lambda: list(islice(last, _AT_ONCE))):
            for unit in units:
                await job.hand(unit)

    async def _put_away(self, job: Job, error: HilumError | None) -> None:
        """Move the file. Before this the crash reads it again, after this it is over."""
        folder = self.settings.done
        if error is not None or job.refused:
            folder = self.settings.failed
            # the reason first: after a crash between the two the file is read again and gets the same one
            # a name need not be UTF-8 on a POSIX file system; what is told of it must be
            reasons = job.report(error).encode(errors="replace")
            await self._store.put(within_limit(job.name, ".reason.txt"), reasons, folder=folder, replace=True)
            log.warning("file_failed", folder=self.address, file=told(job.name), refused=job.refused)
        try:
            await self._store.move(job.name, folder, await self._free_name(job, folder))
        except Missing:
            log.warning("file_gone", folder=self.address, file=told(job.name))
        if self.settings.marker:
            await self._store.remove(job.name + self.settings.marker)

    async def _free_name(self, job: Job, folder: str) -> str:
        """The file's own name, or with a part of its digest where another day's file has that."""
        if not await self._store.holds(folder, job.name):
            return job.name
        path = PurePath(job.name)
        return within_limit(f"{path.stem}.{job.digest[:12]}{path.suffix}")
