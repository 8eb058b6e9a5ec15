"""Native buttons and fields, labelled, without the look of a component library."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from hilum.console.markup import Html, tag


class Button(TextElement):
    """A button. With `why_not` it is shown, disabled, with the reason beside it for everybody to read."""

    def __init__(
        self, text: str, act: Callable[[], Awaitable[None] | None], *, look: str = "", why_not: str = ""
    ) -> None:
        super().__init__(tag="button", text=text)
        self.props["type"] = "button"
        if look:
            self.classes(look)
        if why_not:
            self.props["disabled"] = True
            self.props["title"] = why_not
        else:
            self.on("click", act)


class Field:
    """A labelled text field whose `value` follows what was typed when the field is left."""

    def __init__(self, label: str, *, value: str = "", lines: int = 1, hint: str = "", look: str = "",
                 kind: str = "text", first: bool = False) -> None:  # fmt: skip
        self.value = value
        with ui.element("div").classes("field"):
            with ui.element("label"):
                TextElement(tag="span", text=label).classes("label")
                box = ui.element("textarea" if lines > 1 else "input")
            if hint:  # outside the label: it describes the field and is not its name
                box.props["aria-describedby"] = TextElement(tag="span", text=hint).classes("hint").html_id
        # Not `value`: with any change of the page that would be written into the field again, over what was typed.
        box.props["defaultValue"] = value
        box.props["spellcheck"] = "false"
        box.props["autocomplete"] = "off"
        if lines > 1:
            box.props["rows"] = str(lines)
        else:
            box.props["type"] = kind
        if first:
            box.props["autofocus"] = True
        if look:
            box.classes(look)
        box.on("change", self._changed, js_handler="(event) => emit(event.target.value)")

    def _changed(self, event: GenericEventArguments) -> None:
        self.value = str(event.args)


class Choice(Field):
    """A labelled list to choose one from: value → words."""

    def __init__(self, label: str, options: Mapping[str, str], *, value: str = "") -> None:
        self.value = value
        with ui.element("label").classes("field"):
            TextElement(tag="span", text=label).classes("label")
            with ui.element("select") as box:
                for key, words in options.items():
                    option = TextElement(tag="option", text=words)
                    option.props["value"] = key
                    if key == value:
                        option.props["selected"] = True
        box.on("change", self._changed, js_handler="(event) => emit(event.target.value)")


def reasons(why_not: Sequence[str]) -> Html:
    """What cannot be done, and why or by whom, once each, under the buttons."""
    told = [why for why in dict.fromkeys(why_not) if why]
    return tag("p", " ".join(told), class_="why") if told else Html("")


def filter_form(path: str, *fields: Html, clear: bool) -> Html:
    """Filters that live in the address: a plain form, sent when a choice changes or Enter is pressed."""
    return tag(
        "form",
        fields,
        tag("button", "Search", type="submit"),
        clear and tag("a", "Clear", href=path, class_="button"),
        action=path,
        method="get",
        data_filters=True,
        role="search",
    )


def select(label: str, name: str, options: Mapping[str, str], value: str, *, every: str = "any") -> Html:
    """A choice of a filter form; the empty one means `every`."""
    shown = {"": every, **options}
    if value and value not in shown:
        shown[value] = value
    return tag(
        "label",
        label,
        tag(
            "select",
            [tag("option", words, value=key, selected=key == value) for key, words in shown.items()],
            name=name,
        ),
    )


def search_box(label: str, name: str, value: str, placeholder: str) -> Html:
    """The search field of a filter form; `/` goes there."""
    box = tag("input", name=name, value=value, type="search", placeholder=placeholder, data_search=True,
              autocomplete="off", spellcheck="false")  # fmt: skip
    return tag("label", label, box, class_="long")


def number_field(label: str, name: str, value: str) -> Html:
    """An amount of a filter form."""
    box = tag("input", name=name, value=value or None, inputmode="decimal", autocomplete="off", class_="amount")
    return tag("label", label, box)


def date_field(label: str, name: str, value: str) -> Html:
    """A day of a filter form."""
    return tag("label", label, tag("input", name=name, value=value or None, type="date"))
