"""Lookup tables that stewards edit without touching a file: every row with its days, who wrote it, when and why."""

from hilum.masterdata.lookups.editing import (
    Altered,
    Change,
    Difference,
    compare,
    end_row,
    give_back,
    import_table,
    set_row,
)
from hilum.masterdata.lookups.live import LiveLookups
from hilum.masterdata.lookups.reading import Kept, Version, columns_of, content, history, kept

__all__ = [
    "Altered",
    "Change",
    "Difference",
    "Kept",
    "LiveLookups",
    "Version",
    "columns_of",
    "compare",
    "content",
    "end_row",
    "give_back",
    "history",
    "import_table",
    "kept",
    "set_row",
]
