"""Whose word counts for which record, what a code of one system is in another, and how both are kept right."""

from pathlib import Path

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = ["MIGRATIONS"]
