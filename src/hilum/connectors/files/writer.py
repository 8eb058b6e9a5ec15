"""The writer: a destination that makes one file of each delivery, whole or not at all."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar, Final

from pydantic import Field, field_validator

from hilum.connector import Destination, Outgoing, Target, Traits
from hilum.connectors.declaring import checked, target
from hilum.connectors.encoding import encode
from hilum.connectors.files.store import Missing, Occupied, Store, StoreSettings, digest, join, within_limit
from hilum.errors import Down, Failure, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome, moment_of

# Header of a delivery with the template of its file's name; set by `write`.
FILE_NAME: Final = "file-name"
# Most characters of one inserted value, and of a name in all (file systems take 255 bytes).
VALUE_LIMIT: Final = 100
NAME_LIMIT: Final = 200
_FIELDS: Final = frozenset({"message_id", "key", "ordinal", "date", "time", "idempotency_key", "flow", "operation"})
_UNSAFE = re.compile(r"[^A-Za-z0-9._=+@-]")


class WriterSettings(StoreSettings):
    """Settings of a directory that files are written to."""

    name: str = Field(
        default="{message_id}-{ordinal}",
        description="Name of a file, of message_id, ordinal, key, date, time (of receipt, UTC), idempotency_key, flow, "
        "operation; two deliveries must not give one name",
        examples=["orders-{date}-{message_id}.csv"],
    )

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        check_template(name)
        return name


def check_template(template: str) -> None:
    """Raises `ValueError` where the template names an unknown value or a way to another directory."""
    for text, field, form, conversion in string.Formatter().parse(template):
        if "/" in text or "\\" in text:
            raise ValueError("the name of a file has no slash")
        if field is not None and (field not in _FIELDS or form or conversion):
            raise ValueError(f"a name is made of {', '.join(sorted(_FIELDS))}")
    if not template or template.startswith("."):
        raise ValueError("the name of a file is not empty and does not begin with a dot")


def file_name(template: str, delivery: Delivery) -> str:
    """The name of the delivery's file: the same at each attempt. What a file name cannot hold becomes `_`."""
    received = moment_of(delivery.message_id)
    values = {
        "message_id": str(delivery.message_id),
        "key": delivery.key,
        "ordinal": str(delivery.ordinal),
        # of receipt, not of writing: another attempt on another day must find the file of the first one
        "date": received.strftime("%Y-%m-%d"),
        "time": received.strftime("%H%M%S"),
        "idempotency_key": delivery.idempotency_key,
        "flow": delivery.flow,
        "operation": delivery.operation,
    }
    name = template.format_map({field: _UNSAFE.sub("_", value)[:VALUE_LIMIT] for field, value in values.items()})
    return within_limit(_UNSAFE.sub("_", name).lstrip("."), limit=NAME_LIMIT) or "_"


class Writer(Destination):
    """Writes each delivery as a file: under a temporary name first, then renamed.

    `Writer(url="/srv/out", name="{message_id}.csv")`: the settings are keyword arguments, see `WriterSettings`.

    A reader of the directory never sees half a file, if it leaves names ending in `.hilum-part` alone; a process that
    was killed in the middle of writing may leave one behind, which can be deleted. The same
    delivery again finds its own file and is Delivered; a file of that name with other content is `Rejected`.
    """

    Settings = WriterSettings
    kind: ClassVar[str] = "files"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=True)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(WriterSettings, self.kind, settings)
        self._store: Store = self.settings.store()
        self._opened = False

    def __repr__(self) -> str:
        return f"<Writer {self.address}>"

    @property
    def address(self) -> str:
        """The directory."""
        return self._store.address

    async def open(self) -> None:
        """Make ready; the directory is looked for when there is something to write."""
        self._opened = True

    async def close(self) -> None:
        """Let go of the directory."""
        self._opened = False
        await self._store.close()

    async def check(self) -> str:
        """List the directory. Raises `Down` with the reason."""
        return f"{self.address}: can be reached, {len(await self._store.entries())} files there"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Write each."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        if not self._opened:
            return TryAgain("The writer is closed.")
        name = file_name(delivery.headers.get(FILE_NAME) or self.settings.name, delivery)
        try:
            await self._store.put(name, delivery.body)
        except Occupied:
            return Rejected("files.occupied", f"There is a file {name} with other content in {self.address}.")
        except Missing:
            return Down(f"{self.address} is not there")
        except SettingsError as error:
            return Down(str(error))  # a key file that is gone: nothing goes there until somebody puts it back
        except Failure as failure:
            return _outcome(failure)
        return Delivered(reference=join(self.address, name))

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """Is its file there, with its content? Raises `TryAgain` or `Down` where the directory cannot be looked at."""
        name = file_name(delivery.headers.get(FILE_NAME) or self.settings.name, delivery)
        try:
            there = await digest(self._store, name)
        except Missing:
            await self._store.entries()  # raises where it is the directory that is not there: then nobody knows
            return None
        except SettingsError as error:
            raise Down(str(error)) from error
        same = there == sha256(delivery.body).hexdigest()
        return Delivered(reference=join(self.address, name)) if same else None


def _outcome(failure: Failure) -> Outcome:
    """A failure that was raised, as the outcome it is."""
    if isinstance(failure, Outcome):
        return failure
    raise failure


def write(endpoint: str = "", *, name: str = "", accepts: tuple[type, ...] = (object,), **settings: Any) -> Target:
    """The target that writes what the flow yields to a directory of `hilum.toml`, or to one given by settings.

    `name` is the template of the file's name, see `WriterSettings`; empty: that of the endpoint. Raises
    `SettingsError` for a template that cannot be used.
    """
    if name:
        try:
            check_template(name)
        except ValueError as error:
            raise SettingsError(f"files.write: name: {error}") from None

    def encode_named(thing: Any) -> Outgoing:
        outgoing = encode(thing)
        return replace(outgoing, headers={FILE_NAME: name}) if name else outgoing

    return target(endpoint, Writer, settings, encode_named, accepts=accepts)
