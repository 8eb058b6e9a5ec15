"""The console's own style sheet and script, served from the package with a version in the address."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from hilum.console.markup import Html, join, tag

FOLDER = Path(__file__).with_name("static")
PATH = "/console"


def _address(name: str) -> str:
    """Changes with the content, so that browsers may keep it for long."""
    stamp = blake2b((FOLDER / name).read_bytes(), digest_size=6).hexdigest()
    return f"{PATH}/{name}?v={stamp}"


HEAD: Html = join(
    tag("meta", name="color-scheme", content="light dark"),
    tag("link", rel="stylesheet", href=_address("console.css")),
    tag("link", rel="icon", href=_address("mark.svg"), type="image/svg+xml"),
    tag("script", src=_address("console.js"), defer=True),
)
