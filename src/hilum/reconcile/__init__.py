"""Are two systems the same? What is missing, extra or different between them, as a report and as work for its owner.

A `Comparison` is declared beside the flows. It runs by its calendar in a hub, or by `hilum reconcile run`. What stays
different becomes a case of the owner's, and ends by itself when the two agree again.
"""

from pathlib import Path

from hilum.reconcile.accepting import Accepted
from hilum.reconcile.comparing import Difference, Kind, Tally, Window, differences
from hilum.reconcile.declaration import Asked, Comparison, Side, comparisons_of
from hilum.reconcile.fields import Apart, Field, Yardstick
from hilum.reconcile.files import FileRows, Rows
from hilum.reconcile.keeping import Reconciler
from hilum.reconcile.rows import Measure, Row, Value
from hilum.reconcile.running import Days, run
from hilum.reconcile.sent import Sent

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "MIGRATIONS",
    "Accepted",
    "Apart",
    "Asked",
    "Comparison",
    "Days",
    "Difference",
    "Field",
    "FileRows",
    "Kind",
    "Measure",
    "Reconciler",
    "Row",
    "Rows",
    "Sent",
    "Side",
    "Tally",
    "Value",
    "Window",
    "Yardstick",
    "comparisons_of",
    "differences",
    "run",
]
