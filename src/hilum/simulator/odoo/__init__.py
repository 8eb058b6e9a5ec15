"""A simulated Odoo server, 16.0 to 19.0, to build and try flows against without touching a real one.

It answers JSON-2 and JSON-RPC as real servers were measured to (18.0, 19.0) or are documented to (16.0, 17.0), keeps
what it is told, and breaks on demand.

Public: `SandboxOdoo`, `serve`, `Faults`, `Fault`, `FaultKind`, `INTEGRATION_GROUPS`, `ADMINISTRATOR_GROUPS`.
"""

from hilum.simulator.odoo.faults import Fault, FaultKind, Faults
from hilum.simulator.odoo.orm.access import ADMINISTRATOR_GROUPS, INTEGRATION_GROUPS
from hilum.simulator.odoo.server import SandboxOdoo
from hilum.simulator.odoo.serving import serve

__all__ = ["ADMINISTRATOR_GROUPS", "INTEGRATION_GROUPS", "Fault", "FaultKind", "Faults", "SandboxOdoo", "serve"]
