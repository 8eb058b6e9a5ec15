"""Addresses of everything that has a page, so that every number and identifier is a link."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from hilum.console.markup import Html, tag


def with_query(path: str, **filters: str) -> str:
    """The path with the filters that are set."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return f"{path}?{query}" if query else path


def cases_link(**filters: str) -> str:
    """The open cases that fit."""
    return with_query("/exceptions", **filters)


def messages_link(**filters: str) -> str:
    """The messages that fit."""
    return with_query("/messages", **filters)


def flow_link(name: str) -> Html:
    """A flow's page."""
    return tag("a", name, href=f"/flows/{name}")


def message_link(message_id: UUID) -> Html:
    """A message's story; its id is shown short, by its last part, which differs between neighbours."""
    return tag("a", f"…{str(message_id)[-12:]}", href=f"/messages/{message_id}", title=str(message_id), class_="id")


def case_link(number: int) -> str:
    """A case's page."""
    return f"/exceptions/{number}"
