"""The processes of a project: those that its files in `flows/` have as module-level names."""

from __future__ import annotations

from hilum.flow import Project
from hilum.processes.declaration import Process


def processes_of(project: Project) -> list[Process]:
    """In the order of the files; each once."""
    return list(dict.fromkeys(value for value in project.declared if isinstance(value, Process)))
