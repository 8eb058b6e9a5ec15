"""What each interface has promised: its contract, with a version, and whether a change keeps or breaks it."""

from pathlib import Path

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = ["MIGRATIONS"]
