"""What is read of a model: its fields, those of its lines, and which of them lead to other records.

It is found by asking Odoo once for each connection: versions and installed modules differ, and so does what the hub's
user may see.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hilum.connectors.odoo.capture.documents import ALL, DOCUMENTS, IF_THERE, Lines, wishes
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal
from hilum.errors import SettingsError

log = logging.getLogger("hilum.odoo.capture")

Facts = Mapping[str, Mapping[str, Any]]

_LEFT_OUT: Final = frozenset({"binary", "one2many", "properties", "properties_definition"})
_NEVER: Final = frozenset({"id", "write_date", "write_uid", "create_uid", "create_date", "display_name"})
_ATTRIBUTES: Final = ("type", "store", "relation", "relation_field")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What is read of one model."""

    model: str
    kinds: Mapping[str, str]  # by field: its type as Odoo names it; lines are not among them
    related: Mapping[str, str] = field(default_factory=dict)  # by relation: the model at its other end
    lines: tuple[LineShape, ...] = ()

    @property
    def asked(self) -> list[str]:
        """The fields that Odoo is asked for."""
        names = dict.fromkeys([*self.kinds, *(each.field for each in self.lines if each.readable), "write_date"])
        return list(names)

    def types(self, place: str = "") -> dict[str, str]:
        """By field: its type, those of lines with the name of their field before them."""
        found = {f"{place}{name}": kind for name, kind in self.kinds.items()}
        for each in self.lines:
            found[f"{place}{each.field}"] = "one2many" if each.readable else "hidden"
            found |= each.shape.types(f"{place}{each.field}.")
        return found

    def every_line(self) -> Iterator[LineShape]:
        """Its lines, and theirs."""
        for each in self.lines:
            yield each
            yield from each.shape.every_line()


@dataclass(frozen=True, kw_only=True, slots=True)
class LineShape:
    """What is read of lines."""

    field: str  # of the document, or of the line above
    path: str  # the same from the document on: `move_ids.move_line_ids`
    document: str  # field of the line that names the document; empty: none does
    shape: Shape
    readable: bool = True  # False: the hub's user may not read them, and they are told as null

    @property
    def watched(self) -> bool:
        """Is a change of them a change of the document at once? Others are read in turn."""
        return self.readable and bool(self.document)


async def shape_of(client: OdooClient, model: str, names: Sequence[str]) -> Shape:
    """For these fields; none: those that are read by default. Raises `SettingsError` for one that is not there."""
    return await _Shaping(client, model).run(model, names or [ALL], DOCUMENTS.get(model, ()))


def _there(names: Sequence[str], found: Facts) -> Iterator[str]:
    """The names without those that may be missing and are. Lines may be missing; fields in them may not."""
    for name in names:
        head, dot, rest = name.partition(".")
        sure = head.removesuffix(IF_THERE)
        if sure == head:
            yield name
        elif sure in found:
            yield f"{sure}{dot}{rest}"


class _Shaping:
    """Of one document."""

    def __init__(self, client: OdooClient, model: str) -> None:
        self._client = client
        self._document = model

    async def run(
        self, model: str, names: Sequence[str], lines: Sequence[Lines], *, place: str = "", default: Sequence[str] = ()
    ) -> Shape:
        """`place`: where in the document these fields are. `default`: what `*` means; none: all that are stored."""
        found = await self._client.fields_get(model, _ATTRIBUTES)
        wanted = wishes(model, _there(names, found))
        if ALL in wanted:
            del wanted[ALL]
            wanted = (
                {name: [] for name in self._by_default(found, default)}
                | {each.field: [ALL] for each in lines if each.field in found}
                | wanted
            )
        if missing := [name for name in wanted if name not in found]:
            where = f" (`{place}{missing[0]}` in the fields of {self._document})" if place else ""
            raise SettingsError(
                f"{model} of this Odoo has no field {', '.join(missing)}, or the hub may not see it{where}"
            )
        if not place and "active" in found:
            wanted.setdefault("active", [])
        known = {each.field: each for each in lines}
        kinds: dict[str, str] = {}
        shapes = []
        for name, more in wanted.items():
            if found[name]["type"] == "one2many":
                shapes.append(await self._lines(name, found[name], more, known.get(name), place))
            elif any(more):
                raise SettingsError(
                    f"fields of {self._document}: `{place}{name}` has no lines, so nothing after it can be named"
                )
            else:
                kinds[name] = found[name]["type"]
        related = {
            name: str(found[name]["relation"]) for name, kind in kinds.items() if kind in ("many2one", "many2many")
        }
        return Shape(model=model, kinds=kinds, related=related, lines=tuple(shapes))

    @staticmethod
    def _by_default(found: Facts, default: Sequence[str]) -> list[str]:
        if default:
            return [name for name in default if name in found and found[name]["type"] != "one2many"]
        return sorted(
            name
            for name, facts in found.items()
            if facts.get("store", True) and facts["type"] not in _LEFT_OUT and name not in _NEVER
        )

    async def _lines(
        self, name: str, facts: Mapping[str, Any], more: Collection[str], known: Lines | None, place: str
    ) -> LineShape:
        model = str(facts["relation"])
        back = str(facts.get("relation_field") or "") if facts.get("store", True) else ""
        named = [each or ALL for each in more] or [ALL]
        readable = await self._readable(model)
        if readable:
            lines, default = (known.lines, known.fields) if known else ((), ())
            shape = await self.run(model, named, lines, place=f"{place}{name}.", default=default)
        else:
            shape = Shape(model=model, kinds={})
        without = {field: kind for field, kind in shape.kinds.items() if field != back or back in named}
        return LineShape(
            field=name,
            path=f"{place}{name}",
            document=known.document if known else "" if place else back,
            shape=Shape(model=model, kinds=without, related=shape.related, lines=shape.lines),
            readable=readable,
        )

    async def _readable(self, model: str) -> bool:
        try:
            await self._client.call(model, "search_count", domain=[["id", "=", 0]])
        except Refusal as refusal:
            if refusal.category != "odoo.access":
                raise
            log.warning(
                "the hub's user may not read %s in Odoo: %s is told without these lines. Give the right to read them.",
                model,
                self._document,
            )
            return False
        return True
