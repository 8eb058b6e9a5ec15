"""A field that takes a text file and hands over its name and text; nothing is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from hilum.errors import SettingsError

MOST_BYTES = 500_000
"""Of a file: it goes through the page's own connection, in one piece."""

# The file is read by the browser, as UTF-8; what is none becomes U+FFFD, which the server refuses.
_READ = """(event) => {
  const file = event.target.files[0];
  if (!file) emit("", "", 0);
  else if (file.size > MOST) emit(file.name, "", file.size);
  else file.text().then((text) => emit(file.name, text, file.size));
}""".replace("MOST", str(MOST_BYTES))


class TextFile:
    """A labelled field to choose a file; `taken` says what was chosen."""

    def __init__(self, label: str, *, accept: str, changed: Callable[[], Awaitable[None] | None] | None = None) -> None:
        self._name, self._text, self._size = "", "", 0
        self._told = changed
        with ui.element("label").classes("field"):
            TextElement(tag="span", text=label).classes("label")
            box = ui.element("input")
        box.props["type"] = "file"
        box.props["accept"] = accept
        box.on("change", self._changed, js_handler=_READ)

    async def _changed(self, event: GenericEventArguments) -> None:
        self._name, self._text, self._size = str(event.args[0]), str(event.args[1]), int(event.args[2])
        told = self._told() if self._told is not None else None
        if told is not None:
            await told

    @property
    def taken(self) -> tuple[str, str]:
        """Name and text of the file. Raises `SettingsError` where none was chosen, or one that is too large."""
        if not self._name:
            raise SettingsError("Choose a file first.")
        if self._size > MOST_BYTES:
            raise SettingsError(f"{self._name} has more than {MOST_BYTES // 1000} kB; import it by command.")
        return self._name, self._text
