"""How a connector is declared in a flow: settings checked with clear words, and the target that leads to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from hilum.connector import ConnectorSettings, Destination, Needs, Outgoing, Target
from hilum.errors import SettingsError
from hilum.settings import problems_of

S = TypeVar("S", bound=ConnectorSettings)
D = TypeVar("D", bound=Destination)

NOTHING_MORE: Final[Needs] = MappingProxyType({})


def checked(settings: type[S], kind: str, values: dict[str, Any]) -> S:
    """The settings made of `values`, or a `SettingsError` that names each wrong setting and never its value."""
    try:
        return settings(**values)
    except ValidationError as error:
        raise SettingsError(f"{kind}: {problems_of(error)}") from None


def target(
    endpoint: str,
    connector: Callable[..., D],
    values: dict[str, Any],
    encode: Callable[[Any], Outgoing | None],
    *,
    accepts: tuple[type, ...] = (object,),
    operation: str = "",
    needs: Needs = NOTHING_MORE,
    may_be: tuple[type, ...] = (),
    no_object: str = "",
    adopts: bool = False,
    to_fill: Callable[[Any, Collection[str]], Outgoing | None] | None = None,
    overwrites: tuple[type, ...] = (),
) -> Target:
    """A `Target` that leads to the named endpoint, or to a connector made here of `values`.

    An endpoint made here takes the name `endpoint`, or its address when that is empty. Raises `SettingsError` when
    there is neither a name nor settings.
    """
    if not endpoint and not values:
        raise SettingsError("a target needs the name of an endpoint of hilum.toml, or the settings of one")
    inline = connector(**values) if values else None
    name = endpoint or str(getattr(inline, "address", ""))
    return Target(
        endpoint=name,
        operation=operation,
        accepts=accepts,
        encode=encode,
        connector=inline,
        needs=needs,
        may_be=may_be,
        no_object=no_object,
        adopts=adopts,
        to_fill=to_fill,
        overwrites=overwrites,
    )


def os_words(error: OSError) -> str:
    """What the operating system says, in its own short words ("Connection refused") and without addresses."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or type(error).__name__
