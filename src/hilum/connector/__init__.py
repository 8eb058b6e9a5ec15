"""The interface of a connector: what every source and destination promises, and the runtime relies on.

It stands below the flows because a flow declares its source and its targets. The connectors themselves are in
`hilum.connectors`, one file a protocol. The conformance suites in `hilum.testing` hold every one of them to it.
"""

from hilum.connector.base import Connector, ConnectorSettings, Traits
from hilum.connector.destination import Destination, Effort
from hilum.connector.hub_destination import HubDestination
from hilum.connector.inspection import (
    KEY_WARNING,
    NO_NEEDS,
    Condition,
    Inspected,
    Inspection,
    Misfit,
    Needs,
    ReadsModels,
    Renewable,
    Renewal,
)
from hilum.connector.lent import AtEndpoint, Memory, Notes, OverDatabase, Remembers, TakesNotes, TakesTurns, Turns
from hilum.connector.source import Header, OnDemand, Receipt, Received, Schedule, Source, Tables
from hilum.connector.target import Outgoing, Target

__all__ = [
    "KEY_WARNING",
    "NO_NEEDS",
    "AtEndpoint",
    "Condition",
    "Connector",
    "ConnectorSettings",
    "Destination",
    "Effort",
    "Header",
    "HubDestination",
    "Inspected",
    "Inspection",
    "Memory",
    "Misfit",
    "Needs",
    "Notes",
    "OnDemand",
    "Outgoing",
    "OverDatabase",
    "ReadsModels",
    "Receipt",
    "Received",
    "Remembers",
    "Renewable",
    "Renewal",
    "Schedule",
    "Source",
    "Tables",
    "TakesNotes",
    "TakesTurns",
    "Target",
    "Traits",
    "Turns",
]
