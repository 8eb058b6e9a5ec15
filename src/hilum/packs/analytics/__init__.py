"""For analysts: what was ordered, billed, matched, approved and paid goes out as tables, a file for each day."""

from hilum.packs.analytics.fact_tables import fact_tables

__all__ = ["fact_tables"]
