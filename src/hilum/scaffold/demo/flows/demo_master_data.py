"""Suppliers, locations, items and counts come as spreadsheets, each in a folder of its own under `in`."""

from pathlib import Path

from hilum.connectors import files
from hilum.packs import inventory, procurement

INBOX = Path(__file__).parent.parent / "in"


def folder(name: str) -> files.Folder:
    """Takes each row of each spreadsheet in a folder; files that are whole when they appear need no long wait."""
    return files.Folder(url=str(INBOX / name), pattern="*.csv", split="rows", poll=1, stable_for=1)


suppliers = procurement.suppliers(source=folder("suppliers"))
locations = inventory.locations(source=folder("locations"))
items = inventory.items(source=folder("items"))
counts = inventory.counts(source=folder("counts"))
