"""Calls to an Odoo server, the same for every version: what the operations are written against."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from hilum.connectors.odoo.budget import Budget
from hilum.connectors.odoo.dialect import Dialect, Version, dialect
from hilum.connectors.odoo.external_ids import split
from hilum.connectors.odoo.faults import Refusal

Row = dict[str, Any]
Domain = Sequence[Any]


class OdooClient(ABC):
    """Calls public model methods. All methods raise `Down`, `TryAgain`, `Unsure` or `Refusal` (a `Rejected`)."""

    protocol: str  # `json2`, `jsonrpc` or `xmlrpc`

    def __init__(self, version: Version, budget: Budget) -> None:
        self.version = version
        self.budget = budget
        self.dialect: Dialect = dialect(version)
        self._lists_names = True  # may the user read ir.model.data? Known after the first refusal

    @abstractmethod
    async def call(
        self,
        model: str,
        method: str,
        /,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call `method`. `ids` None: a method of the model; a sequence: of these records.

        `arguments` carry the names of Odoo 19; a protocol that wants positions puts them there. A method that returns
        nothing answers None. One call is one transaction.
        """

    @abstractmethod
    async def user_id(self) -> int | None:
        """The id of the hub's user, or None where the server does not tell."""

    async def search_read(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: str | None = None,
        context: Mapping[str, Any] | None = None,
        names: bool = False,
    ) -> list[Row]:
        """Records that match; many2one values as plain ids (or False); with `names` as `[id, display name]`."""
        extra: Row = {key: value for key, value in (("limit", limit), ("order", order)) if value is not None}
        load = "_classic_read" if names else None
        found: list[Row] = await self.call(
            model, "search_read", context=context, domain=list(domain), fields=list(fields), load=load, **extra
        )
        return found

    async def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[Row]:
        """These records; the ones that do not exist are left out. many2one values as plain ids (or False)."""
        found: list[Row] = await self.call(model, "read", list(ids), fields=list(fields), load=None)
        return found

    async def create(self, model: str, values: Sequence[Row], *, context: Mapping[str, Any] | None = None) -> list[int]:
        """Create records, all or none; their ids in order."""
        made = await self.call(model, "create", context=context, vals_list=list(values))
        return [made] if isinstance(made, int) else list(made)

    async def write(self, model: str, ids: Sequence[int], values: Row) -> None:
        """Set fields of these records. Without ids nothing is called (Odoo would answer true and do nothing)."""
        if ids:
            await self.call(model, "write", list(ids), vals=values)

    async def load(
        self,
        model: str,
        fields: Sequence[str],
        data: Sequence[Sequence[str | None]],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> Row:
        """Odoo's import: `ids` (or False) and `messages`. Rows in error are no failure here; nothing is then kept.

        Times in the cells are UTC: without the context `tz` Odoo would take them for the user's own time zone.
        """
        answer: Row = await self.call(
            model,
            "load",
            context={"tz": "UTC", **(context or {})},
            fields=list(fields),
            data=[list(row) for row in data],
        )
        return answer

    async def fields_get(self, model: str, attributes: Sequence[str] = ("type", "required")) -> dict[str, Row]:
        """The fields that this user sees."""
        found: dict[str, Row] = await self.call(model, "fields_get", attributes=list(attributes))
        return found

    async def metadata(self, model: str) -> dict[str, Row]:
        """Of each field that this user sees: `type`, `required`, `relation`, `selection`."""
        return await self.fields_get(model, ("type", "required", "relation", "selection"))

    async def reference(self, xml_id: str) -> tuple[str, int | None] | None:
        """(model, id) that an external identifier stands for; None where there is none.

        The id is None when the identifier is left over from a record that was deleted. Archived records are found
        too. Works without rights on ir.model.data.
        """
        module, name = split(xml_id)
        try:
            model, number = await self.call(
                "ir.model.data", "check_object_reference", context={"active_test": False}, module=module, xml_id=name
            )
        except Refusal as refusal:
            if refusal.name == "builtins.ValueError":
                return None  # the server's way to say that it does not exist
            raise
        return model, number or None

    async def references(self, xml_ids: Sequence[str]) -> dict[str, tuple[str, int | None] | None]:
        """`reference` of each. One call where the user may read ir.model.data, else one for each, at one time."""
        wanted = list(dict.fromkeys(xml_ids))
        if len(wanted) > 1 and self._lists_names:
            try:
                return await self._listed(wanted)
            except Refusal as refusal:
                if refusal.category != "odoo.access":
                    raise
                self._lists_names = False
        answers = await asyncio.gather(*(self.reference(each) for each in wanted), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer  # after all have ended: no call goes on unseen
        return {
            each: answer for each, answer in zip(wanted, answers, strict=True) if not isinstance(answer, BaseException)
        }

    async def _listed(self, xml_ids: Sequence[str]) -> dict[str, tuple[str, int | None] | None]:
        names: dict[str, list[str]] = {}
        for module, name in map(split, xml_ids):
            names.setdefault(module, []).append(name)
        found: dict[str, tuple[str, int | None] | None] = dict.fromkeys(xml_ids)
        for module, some in names.items():
            domain = [["module", "=", module], ["name", "in", some]]
            for row in await self.search_read("ir.model.data", domain, ["name", "model", "res_id"]):
                found[f"{module}.{row['name']}"] = (row["model"], row["res_id"] or None)
        return found

    async def external_ids(self, model: str, ids: Sequence[int]) -> dict[int, str]:
        """One external identifier of each of these records that has any."""
        if not ids:
            return {}
        found = await self.call(model, "get_external_id", list(ids))
        return {int(number): xml_id for number, xml_id in found.items() if xml_id}

    async def every_external_id(self, wanted: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], list[str]]:
        """All external identifiers of these records, by model and id, the oldest first; those without are left out.

        `wanted`: ids by model. One call where the user may read ir.model.data, else one for each model.
        """
        if not wanted:
            return {}
        if self._lists_names:
            try:
                return await self._names_listed(wanted)
            except Refusal as refusal:
                if refusal.category != "odoo.access":
                    raise
                self._lists_names = False
        found: dict[tuple[str, int], list[str]] = {}
        for model, ids in wanted.items():
            found |= {(model, number): names for number, names in (await self._names_told(model, ids)).items()}
        return found

    async def _names_listed(self, wanted: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], list[str]]:
        domain: list[Any] = ["|"] * (len(wanted) - 1)
        for model, ids in wanted.items():
            domain += ["&", ["model", "=", model], ["res_id", "in", list(ids)]]
        found: dict[tuple[str, int], list[str]] = {}
        fields = ["module", "name", "model", "res_id"]
        for row in await self.search_read("ir.model.data", domain, fields, order="id"):
            found.setdefault((row["model"], row["res_id"]), []).append(f"{row['module']}.{row['name']}")
        return found

    async def _names_told(self, model: str, ids: Sequence[int]) -> dict[int, list[str]]:
        """Where the user may read the records, all; else one of each, as far as the protocol can say it."""
        try:
            rows = await self.call(model, "get_metadata", list(ids))
        except Refusal:
            try:
                return {number: [xml_id] for number, xml_id in (await self.external_ids(model, ids)).items()}
            except Refusal:
                return {}
        return {row["id"]: [each["xmlid"] for each in row["xmlids"]] for row in rows if row["xmlids"]}
