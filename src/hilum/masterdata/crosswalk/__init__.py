"""The crosswalk: which identifiers in many systems name one thing, with history, merge and unmerge.

`memory` answers translations, `live` keeps it up to date in each process, `editing` changes it, `exchange` reads and
writes it as CSV.
"""

from hilum.masterdata.crosswalk.editing import Identifier, link, lock, merge, unlink, unmerge
from hilum.masterdata.crosswalk.exchange import Report, export_csv, import_csv
from hilum.masterdata.crosswalk.live import LiveCrosswalk
from hilum.masterdata.crosswalk.memory import TOPIC, Crosswalk, name_of, number_of
from hilum.masterdata.crosswalk.reading import (
    Found,
    HistoryRow,
    Thing,
    find,
    history,
    names,
    search,
    thing,
    thing_called,
    things,
)

__all__ = [
    "TOPIC",
    "Crosswalk",
    "Found",
    "HistoryRow",
    "Identifier",
    "LiveCrosswalk",
    "Report",
    "Thing",
    "export_csv",
    "find",
    "history",
    "import_csv",
    "link",
    "lock",
    "merge",
    "name_of",
    "names",
    "number_of",
    "search",
    "thing",
    "thing_called",
    "things",
    "unlink",
    "unmerge",
]
