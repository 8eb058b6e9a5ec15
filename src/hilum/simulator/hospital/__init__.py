"""The simulated hospital: patients come, supplies are used, stores reorder, and every system tells the hub about it.

    hospital = Hospital(seed=1)
    hospital.write_lookups(project / "lookups")
    expected = Expected(hospital)
    events = expected.watch(hospital.traffic(count=500))
    counts = await Sender(mllp=("127.0.0.1", 2575)).run(events)

All of it is invented, and the same for the same seed. `Expected` says what Odoo must hold once everything has arrived.
"""

from hilum.simulator.hospital.catalogue import Article
from hilum.simulator.hospital.events import Channel, Event, Flaw, Order, OrderedLine, Use
from hilum.simulator.hospital.expected import Expected
from hilum.simulator.hospital.hospital import Hospital
from hilum.simulator.hospital.people import Patient
from hilum.simulator.hospital.sender import Counts, Sender
from hilum.simulator.hospital.traffic import Shares

__all__ = [
    "Article",
    "Channel",
    "Counts",
    "Event",
    "Expected",
    "Flaw",
    "Hospital",
    "Order",
    "OrderedLine",
    "Patient",
    "Sender",
    "Shares",
    "Use",
]
