"""How an interface is declared: where messages come from, what they mean, where they go, and who answers for it."""

from hilum.flow.declaration import Criticality, DataClass, Flow, OnHeld, Owners, Slo, Yielded
from hilum.flow.lookup import Lookup, LookupTable
from hilum.flow.project import Project, load_project

__all__ = [
    "Criticality",
    "DataClass",
    "Flow",
    "Lookup",
    "LookupTable",
    "OnHeld",
    "Owners",
    "Project",
    "Slo",
    "Yielded",
    "load_project",
]
