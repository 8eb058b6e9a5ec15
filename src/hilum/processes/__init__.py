"""Durable workflows: processes that wait for events, people and time, survive restarts, and undo what they did.

A process starts from an object that a flow delivers to it, and acts by sending commands, which are messages of flows.
The engine, `hilum.processes.engine`, is loaded only where processes run.
"""

from __future__ import annotations

from hilum.processes.acts import cancel, migrate, repeat
from hilum.processes.arrivals import Cancelled
from hilum.processes.command_source import Commands
from hilum.processes.declaration import Process, Snapshot
from hilum.processes.finding import processes_of
from hilum.processes.giving import able, give, held_by
from hilum.processes.inbox import handle
from hilum.processes.notices import Notices
from hilum.processes.run import Answer, Failed, Open, Run
from hilum.processes.states import States
from hilum.processes.tasks import Task, answer_of, assign, decide, inbox, task

__all__ = [
    "Answer",
    "Cancelled",
    "Commands",
    "Failed",
    "Notices",
    "Open",
    "Process",
    "Run",
    "Snapshot",
    "States",
    "Task",
    "able",
    "answer_of",
    "assign",
    "cancel",
    "decide",
    "give",
    "handle",
    "held_by",
    "inbox",
    "migrate",
    "processes_of",
    "repeat",
    "task",
]
