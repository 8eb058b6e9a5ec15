"""What every connector is held to: conformance suites, and the faults that hospital networks have, for tests.

Shipped with Hilum so that a connector written elsewhere is held to the same promises: write a bench for its far side,
subclass the suites that its traits promise, and run pytest.
"""

from hilum.testing.cut_proxy import Answers, CutProxy
from hilum.testing.destination_suite import (
    DeduplicatingSuite,
    DestinationBench,
    DestinationSuite,
    WireBench,
    WireSuite,
)
from hilum.testing.source_suite import OrderedSuite, RedeliveringSuite, SourceBench, SourceSuite
from hilum.testing.waiting import eventually, take

__all__ = [
    "Answers",
    "CutProxy",
    "DeduplicatingSuite",
    "DestinationBench",
    "DestinationSuite",
    "OrderedSuite",
    "RedeliveringSuite",
    "SourceBench",
    "SourceSuite",
    "WireBench",
    "WireSuite",
    "eventually",
    "take",
]
