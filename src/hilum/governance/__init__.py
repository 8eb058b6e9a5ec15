"""What each interface has promised: its contract, with a version, and whether a change keeps or breaks it."""

from hilum.governance.compatibility import Difference, Verdict, differences, verdicts
from hilum.governance.contracts import accept, accepted, contract_of, gaps, written, yielded

__all__ = [
    "Difference",
    "Verdict",
    "accept",
    "accepted",
    "contract_of",
    "differences",
    "gaps",
    "verdicts",
    "written",
    "yielded",
]
