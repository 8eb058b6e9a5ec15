"""API keys: kept as hashes with their expiry; in newer builds of 19 a program makes a key with a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from hilum.simulator.odoo import keys
from hilum.simulator.odoo.errors import AccessDenied, UserError, ValidationError
from hilum.simulator.odoo.orm.access import SETTINGS, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, many2one
from hilum.simulator.odoo.orm.model import Model, public
from hilum.simulator.odoo.orm.store import Key, Row

PROGRAMMATIC = "base.enable_programmatic_api_keys"
_LONGEST = timedelta(days=90)  # of keys of internal users
_MOST = 10  # keys of one user, for which a program makes no more


class ApiKey(Model):
    """A key of a user. No client may read it."""

    name = "res.users.apikeys"
    label = "Users API Keys"
    rights = rights(read=())
    keys: ClassVar[Sequence[Key]] = (("digest",), ("user_id",))
    columns: ClassVar[Columns] = {
        "name": char("Description", required=True),
        "user_id": many2one("res.users", "User", required=True, ondelete="cascade"),
        "digest": char("Digest", required=True, groups="base.group_no_one"),
        "expiration_date": char("Expiration Date"),
        "scope": char("Scope"),
        "password": boolean("Is a password"),
    }

    @public(on_model=True, access="", since=19)
    def generate(self, key: str, scope: str | None, name: str, expiration_date: str) -> str:
        """A new key of the caller, who shows one of their own."""
        self._check_allowed()
        valid = [row for row in self.table.values() if row["user_id"] == self.env.uid and not self._ended(row)]
        if len(valid) >= _MOST:
            raise UserError(f"Limit of {_MOST} API keys is reached for programmatic creation")
        if keys.user_by_key(self.env, key) != self.env.uid:
            raise AccessDenied("The provided API key is invalid or does not belong to the current user.")
        self._check_expiration(expiration_date)
        secret = keys.fresh()
        self.create(
            {
                "name": name,
                "user_id": self.env.uid,
                "digest": keys.digest(secret),
                "scope": scope or False,
                "expiration_date": expiration_date or False,
            }
        )
        return secret

    @public(on_model=True, access="", since=19)
    def revoke(self, key: str) -> bool:
        """A key of the caller is none any more."""
        self._check_allowed()
        for found in list(self.env.store.find(self.name, ("digest",), (keys.digest(key),))):
            if not self._ended(self.table[found]) and self.table[found]["user_id"] == self.env.uid:
                self.unlink(found)
                return True
        raise AccessDenied("The provided API key is invalid.")

    def _check_allowed(self) -> None:
        rows = self.env.store.tables["ir.config_parameter"].values()
        value = next((row["value"] for row in rows if row["key"] == PROGRAMMATIC), "False")
        if value.lower() not in ("true", "1") and not self._administrator:
            raise UserError("Programmatic API keys are not enabled")

    def _check_expiration(self, moment: str) -> None:
        if self._administrator:
            return
        if not moment:
            raise ValidationError("The API key must have an expiration date")
        if datetime.fromisoformat(moment) > datetime.fromisoformat(self.env.second) + _LONGEST:
            raise ValidationError(f"You cannot exceed {_LONGEST.days} days.")

    @property
    def _administrator(self) -> bool:
        return self.env.groups is None or SETTINGS in self.env.groups

    def _ended(self, row: Row) -> bool:
        return bool(row.get("expiration_date")) and row["expiration_date"] <= self.env.second
