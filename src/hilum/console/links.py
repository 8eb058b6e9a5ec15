"""Addresses of everything that has a page, so that every number and identifier is a link."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from hilum.cases.switches import BY_A_PERSON
from hilum.console.markup import Html, tag
from hilum.masterdata.crosswalk import name_of


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
    if message_id == BY_A_PERSON:
        return tag("strong", "a hold by a person")
    return tag("a", f"…{str(message_id)[-12:]}", href=f"/messages/{message_id}", title=str(message_id), class_="id")


def group_link(key: str) -> str:
    """The page of a group of like cases."""
    return f"/exceptions/groups/{key}"


def job_link(number: int) -> str:
    """The page of an act on many messages."""
    return f"/replays/{number}"


def approval_link(number: int) -> str:
    """A request, on the page of approvals."""
    return f"/approvals#request-{number}"


COMPARISONS: Final = "/reconciliation"


def comparison_link(name: str) -> str:
    """The page of a comparison of two systems."""
    return f"{COMPARISONS}/{name}"


def difference_link(name: str, number: int) -> str:
    """The page of one thing that a comparison found to differ."""
    return f"{COMPARISONS}/{name}/differences/{number}"


def case_link(number: int) -> str:
    """A case's page."""
    return f"/exceptions/{number}"


RUNS, TASKS = "/workflows/runs", "/workflows/tasks"
"""Below them are one run and one task."""

DESK = "/desk"


def desk_link(**filters: str) -> str:
    """What waits for people and fits."""
    return with_query(DESK, **filters)


def run_link(id: UUID, words: str) -> Html:
    """A run's page."""
    return tag("a", words, href=f"{RUNS}/{id}", data_open=True)


def runs_link(**filters: str) -> str:
    """The runs that fit."""
    return with_query(RUNS, **filters)


def task_link(id: UUID, words: str) -> Html:
    """A task's page."""
    return tag("a", words, href=f"{TASKS}/{id}", data_open=True)


def thing_link(object_: str, number: int) -> Html:
    """A thing of the crosswalk, with all that it is called."""
    name = name_of(object_, number)
    return tag("a", name, href=f"/master/crosswalk/{name}", class_="thing", data_open=True)
