"""Publishing: a steward's changes become a numbered version when another person agrees, and flows deliver it.

`objects` lists what can be published, `changing` moves a change set on, `reading` shows sets and versions, `feed` is
what `hilum.connectors.masterdata.Published` reads.
"""

from hilum.masterdata.publishing.changing import approve, draft, publish, refuse, restore, submit, withdraw
from hilum.masterdata.publishing.feed import START, Entry, Feed, Place
from hilum.masterdata.publishing.objects import KEY, OBJECTS, AccountMapping, content_of, model_of
from hilum.masterdata.publishing.reading import (
    Change,
    ChangeSet,
    Version,
    change_set,
    change_sets,
    changes,
    content,
    difference,
    latest,
    versions,
    waiting,
)

__all__ = [
    "KEY",
    "OBJECTS",
    "START",
    "AccountMapping",
    "Change",
    "ChangeSet",
    "Entry",
    "Feed",
    "Place",
    "Version",
    "approve",
    "change_set",
    "change_sets",
    "changes",
    "content",
    "content_of",
    "difference",
    "draft",
    "latest",
    "model_of",
    "publish",
    "refuse",
    "restore",
    "submit",
    "versions",
    "waiting",
    "withdraw",
]
