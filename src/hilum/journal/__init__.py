"""The journal: every message that was accepted, where each one is, and who did what. All SQL over it is in here."""

from pathlib import Path

from hilum.journal.receipt import Draft, Reused, known_keys, receive

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = ["MIGRATIONS", "Draft", "Reused", "known_keys", "receive"]
