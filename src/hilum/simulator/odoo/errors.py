"""What an Odoo server raises, by the name that it sends and the HTTP status that JSON-2 gives it.

The names and texts follow what real 18.0 and 19.0 servers were measured to answer. A client may match on `name` and
`status`, never on the text.
"""

from __future__ import annotations

from typing import Any


class OdooError(Exception):
    """Base of all: `name` is the dotted Python name on the wire, `status` the HTTP status over JSON-2."""

    name = "odoo.exceptions.UserError"
    status = 422

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def arguments(self) -> list[Any]:
        """The `arguments` member of the error body; HTTP errors add their status."""
        if self.name.startswith("werkzeug."):
            return [self.message, self.status]
        return [self.message]


class UserError(OdooError):
    """A business rule refuses."""


class ValidationError(OdooError):
    """A constraint of the data refuses: required value, unique key, foreign key, check."""

    name = "odoo.exceptions.ValidationError"


class AccessError(OdooError):
    """The user has no right to this model, record, field or method."""

    name = "odoo.exceptions.AccessError"
    status = 403


class AccessDenied(OdooError):
    """Login, password or key is wrong (RPC)."""

    name = "odoo.exceptions.AccessDenied"
    status = 403

    def __init__(self, message: str = "Access Denied") -> None:
        super().__init__(message)


class MissingError(OdooError):
    """A record that should be changed does not exist."""

    name = "odoo.exceptions.MissingError"
    status = 404


class ValueFault(OdooError):
    """A Python ValueError escaped from the server: bad field, operator, selection or number."""

    name = "builtins.ValueError"
    status = 500


class TypeFault(ValueFault):
    """A Python TypeError escaped from the server: a wrong argument."""

    name = "builtins.TypeError"


class IndexFault(ValueFault):
    """A Python IndexError escaped from the server: a positional argument is missing (RPC)."""

    name = "builtins.IndexError"


class AttributeFault(ValueFault):
    """A Python AttributeError escaped from the server: no such method (RPC), a boolean in `load`."""

    name = "builtins.AttributeError"


class InvalidText(ValueFault):
    """PostgreSQL refused a text where an id is needed."""

    name = "psycopg2.errors.InvalidTextRepresentation"


class NoDatabase(ValueFault):
    """The database named in an RPC call does not exist."""

    name = "psycopg2.OperationalError"


class SerializationFailure(ValueFault):
    """Concurrent updates kept colliding until the server gave up; nothing is kept."""

    name = "psycopg2.errors.SerializationFailure"

    def __init__(self, message: str = "could not serialize access due to concurrent update\n") -> None:
        super().__init__(message)


class NotFound(OdooError):
    """No such route, model or method (JSON-2)."""

    name = "werkzeug.exceptions.NotFound"
    status = 404


class Unauthorized(OdooError):
    """No key, or one that is not valid (JSON-2)."""

    name = "werkzeug.exceptions.Unauthorized"
    status = 401


class BadRequest(OdooError):
    """The body is not JSON (JSON-2)."""

    name = "werkzeug.exceptions.BadRequest"
    status = 400


class UnprocessableEntity(OdooError):
    """The arguments do not fit the method (JSON-2)."""

    name = "werkzeug.exceptions.UnprocessableEntity"
    status = 422


class TooLarge(OdooError):
    """The body exceeds the server's limit, 128 MiB by default."""

    name = "werkzeug.exceptions.RequestEntityTooLarge"
    status = 413

    def __init__(self) -> None:
        super().__init__("The data value transmitted exceeds the capacity limit.")
