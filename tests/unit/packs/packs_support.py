"""What the tests of the packs share: sources that hand over nothing, running a flow on bytes, the real samples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from hilum.connector import ConnectorSettings, Received, Source
from hilum.flow import Flow, Lookup

SAMPLES = Path(__file__).parents[2] / "samples" / "packs"


class Rows(Source):
    """Stands for a folder of files: the packs only look at its default format."""

    Settings = ConnectorSettings
    kind = "rows"
    default_format: ClassVar[str] = "row"

    @property
    def address(self) -> str:
        return "rows://test"

    def wants(self, received: Received) -> bool:
        return True

    async def receive(self) -> list[Received]:
        return []

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class WholeFiles(Rows):
    """The same, handing over whole files."""

    default_format: ClassVar[str] = "bytes"


def things(flow: Flow, body: bytes, lookup: Lookup) -> list[Any]:
    """Everything that a flow makes of a body."""
    assert flow.problems() == []
    return [made.thing for made in flow.run(flow.read(body), lookup)]


def real_samples(prefixes: tuple[str, ...]) -> list[Path]:
    """Files of the real samples whose name begins with one of the prefixes; none where HILUM_SAMPLES is not set."""
    folder = os.environ.get("HILUM_SAMPLES")
    if not folder:
        return []
    found = [path for path in (Path(folder) / "hl7v2").rglob("*") if path.name.upper().startswith(prefixes)]
    return sorted(path for path in found if path.suffix in {".hl7", ".txt"})
