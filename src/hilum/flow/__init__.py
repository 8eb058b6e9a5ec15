"""How an interface is declared: where messages come from, what they mean, where they go, and who answers for it."""

from hilum.flow.declaration import Flow, Yielded
from hilum.flow.lookup import Lookup
from hilum.flow.matching import Evidence, Identity, Matching, numbered
from hilum.flow.project import PartnerFlows, Project, load_project, with_partners
from hilum.flow.promises import Criticality, DataClass, OnHeld, Owners, Pattern, Slo
from hilum.flow.retry import Retry
from hilum.flow.schedule import Calendar, Windows
from hilum.flow.stakes import Stake
from hilum.flow.tables import LookupTable

__all__ = [
    "Calendar",
    "Criticality",
    "DataClass",
    "Evidence",
    "Flow",
    "Identity",
    "Lookup",
    "LookupTable",
    "Matching",
    "OnHeld",
    "Owners",
    "PartnerFlows",
    "Pattern",
    "Project",
    "Retry",
    "Slo",
    "Stake",
    "Windows",
    "Yielded",
    "load_project",
    "numbered",
    "with_partners",
]
