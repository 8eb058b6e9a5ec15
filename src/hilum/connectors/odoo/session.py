"""What operations work with: the client of one server, what is known of it, and how documents are named there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.connector import Notes
from hilum.connectors.odoo.api_key import ApiKey
from hilum.connectors.odoo.client import OdooClient, Row
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Loader
from hilum.connectors.odoo.references import MISSING, References
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.units import Units
from hilum.errors import Rejected


class Session:
    """One server, found and spoken to. Made anew after the endpoint was closed."""

    def __init__(self, client: OdooClient, settings: OdooSettings, key: ApiKey, notes: Notes | None = None) -> None:
        self.client = client
        self.notes = notes  # of what was written last; none: it is used without a hub, and nobody remembers
        self.key = key
        self.settings = settings
        self.references = References(client, prefix=settings.prefix, seconds=settings.reference_seconds)
        self.units = Units(client, settings.units, settings.prefix)
        self._currencies: dict[str, int] = {}
        self._company_currency: int | None = None
        self._warehouses: dict[int, Row] = {}
        self._countries: dict[str, int] = {}
        self._states: dict[tuple[int, str], int | None] = {}
        self._fields: dict[str, frozenset[str]] = {}
        self._company: int | None = None

    def xml_id(self, kind: str, business_key: str) -> str:
        """The external identifier with this endpoint's prefix."""
        return external_id(kind, business_key, prefix=self.settings.prefix)

    def master_data(self, model: str) -> Loader:
        """Writes master data, many in a call; Odoo's chatter keeps track where the settings say so."""
        return self.loader(model, self.tracking)

    @property
    def tracking(self) -> Mapping[str, Any]:
        """The context in which Odoo keeps track in its chatter, or not, as the settings say."""
        return {} if self.settings.tracking else {"tracking_disable": True}

    def loader(self, model: str, context: Mapping[str, Any]) -> Loader:
        """Writes records of a model in this context, in calls that stay far below Odoo's limit of 60 s."""
        return Loader(self.client, model, rows_per_call=self.settings.rows_per_call, context=context)

    def forget(self) -> None:
        """Look everything up again: Odoo refused something, perhaps because what was remembered has changed."""
        self.references.forget()
        self.units.forget()
        self._warehouses.clear()
        self._fields.clear()

    async def fields(self, model: str) -> frozenset[str]:
        """The names of the fields of a model that this user sees, where they depend on installed modules."""
        if model not in self._fields:
            self._fields[model] = frozenset(await self.client.fields_get(model, ("type",)))
        return self._fields[model]

    async def currency(self, code: str) -> int | Rejected:
        """Odoo's id of an active currency."""
        if code not in self._currencies:
            rows = await self.client.search_read("res.currency", [["name", "=", code]], ["name"], limit=1)
            if not rows:
                return Rejected(MISSING, f"The currency {code} is not active in Odoo. Activate it there, then replay.")
            self._currencies[code] = rows[0]["id"]
        return self._currencies[code]

    async def company(self) -> int | None:
        """The company of the hub's user; the first one where the server does not tell who the user is."""
        if self._company is None:
            user = await self.client.user_id()
            own = await self.client.read("res.users", [user], ["company_id"]) if user is not None else []
            rows = own or await self.client.search_read("res.company", [], ["name"], limit=1, order="id")
            self._company = rows[0]["company_id" if own else "id"] if rows else None
        return self._company

    async def company_currency(self) -> int | None:
        """The currency in which Odoo keeps costs and list prices: the one of the hub user's company."""
        if self._company_currency is None:
            company = await self.company()
            rows = await self.client.read("res.company", [company], ["currency_id"]) if company is not None else []
            self._company_currency = rows[0]["currency_id"] if rows else None
        return self._company_currency

    async def warehouse(self, number: int) -> Row:
        """Kinds of transfers and the stock location of a warehouse. Raises `Rejected` when it cannot be read."""
        if number not in self._warehouses:
            rows = await self.client.read(
                "stock.warehouse", [number], ["code", "out_type_id", "in_type_id", "int_type_id", "lot_stock_id"]
            )
            if not rows:
                raise Rejected(MISSING, "The warehouse of the location cannot be read in Odoo by the hub's user.")
            self._warehouses[number] = rows[0]
        return self._warehouses[number]

    async def country(self, code: str) -> int | Rejected:
        """Odoo's id of a country by its ISO 3166-1 alpha-2 code."""
        if code not in self._countries:
            rows = await self.client.search_read("res.country", [["code", "=", code]], ["code"], limit=1)
            if not rows:
                return Rejected(MISSING, f"Odoo does not know the country {code}. Correct the address, then replay.")
            self._countries[code] = rows[0]["id"]
        return self._countries[code]

    async def state(self, country: int, code: str) -> int | None:
        """Odoo's id of a state or province of a country, or None where Odoo's list does not have it."""
        if (country, code) not in self._states:
            domain = [["country_id", "=", country], ["code", "=", code]]
            rows = await self.client.search_read("res.country.state", domain, ["code"], limit=1)
            self._states[country, code] = rows[0]["id"] if rows else None
        return self._states[country, code]
