"""From a client's call to a method: does it exist, may it be called, do the arguments fit, has the user the right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hilum.simulator.odoo.errors import AccessError, OdooError, UserError
from hilum.simulator.odoo.orm.access import refusal
from hilum.simulator.odoo.orm.generic import GENERIC
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.orm.record import Env

PRIVATE = frozenset(
    {"browse", "sudo", "with_context", "with_user", "with_company", "mapped", "filtered", "flush_model"}
)
PRIVATE_19 = frozenset({"exists"})
LANGUAGES = frozenset({"en_US"})  # the active ones


class NoModel(OdooError):
    """The model does not exist, or the module that brings it is not installed. Each protocol says it its own way."""


class NoMethod(OdooError):
    """The model has no such public method. Each protocol says it its own way."""


class BadArguments(OdooError):
    """The arguments do not fit the method. Each protocol says it its own way."""


@dataclass(frozen=True, slots=True)
class Target:
    """A method that a client may call."""

    call: Callable[..., Any]  # takes the ids first unless `on_model`
    on_model: bool
    access: str  # the right on the model that the caller needs
    signature: inspect.Signature


def find(env: Env, model: str, method: str) -> tuple[Model, Target]:
    """The bound model and the method. Raises NoModel, NoMethod, and AccessError for a private method."""
    known = env.registry.models.get(model)
    if known is None or not installed(env, known.module):
        raise NoModel(model)
    if method.startswith("_") or method in PRIVATE or (env.since(19) and method in PRIVATE_19):
        raise AccessError(f"Private methods (such as '{model}.{method}') cannot be called remotely.")
    if f"{model}.{method}" in env.registry.without:
        raise NoMethod(f"The method '{model}.{method}' does not exist")
    bound = env[model]
    own = getattr(bound, method, None)
    marks = getattr(own, "public", None)
    if own is not None and marks is not None and marks.since <= env.registry.major <= marks.until:
        return bound, Target(own, marks.on_model, marks.access, _signature(own.__func__, 1))
    generic = GENERIC.get(method)
    if generic is None or not generic.since <= env.registry.major <= generic.until:
        raise NoMethod(f"The method '{model}.{method}' does not exist")

    def call(*args: Any, **kwargs: Any) -> Any:
        return generic.function(bound, *args, **kwargs)

    return bound, Target(call, generic.on_model, generic.access, _signature(generic.function, 1))


@lru_cache(maxsize=1024)
def _signature(function: Callable[..., Any], skip: int) -> inspect.Signature:
    whole = inspect.signature(function)
    return whole.replace(parameters=list(whole.parameters.values())[skip:])


def installed(env: Env, module: str) -> bool:
    """True where the module is installed; `base` always is."""
    if module == "base":
        return True
    table = env.store.tables["ir.module.module"]
    return any(table[each]["state"] == "installed" for each in env.store.find("ir.module.module", ("name",), (module,)))


def check_access(model: Model, operation: str) -> None:
    """Raises AccessError where the caller's groups lack the right."""
    groups = model.env.groups
    if not operation or groups is None:
        return
    allowed = model.rights[operation]
    if groups.isdisjoint(allowed):
        raise AccessError(refusal(model.label, model.name, operation, allowed))


def run(model: Model, target: Target, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Check the arguments and the rights, and call. Raises BadArguments and whatever the method raises."""
    try:
        target.signature.bind(*args, **kwargs)
    except TypeError as error:
        raise BadArguments(str(error)) from None
    check_access(model, target.access)
    _check_context(model.env)
    return target.call(*args, **kwargs)


def _check_context(env: Env) -> None:
    language = env.context.get("lang")
    if language and language not in LANGUAGES:
        raise UserError(f"Invalid language code: {language}")
    wanted = env.context.get("allowed_company_ids") or []
    if any(company not in env.store.tables["res.company"] for company in wanted):
        raise AccessError("Access to unauthorized or invalid companies.")
