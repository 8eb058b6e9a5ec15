"""Suppliers, locations, items and counts come as spreadsheets, each in a folder of its own under `in`."""

from pathlib import Path

from hilum.connectors import files
from hilum.packs import inventory, procurement

INBOX = Path(__file__).parent.parent / "in"


def folder(name: str) -> files.Folder:
    """Takes each row of each spreadsheet in a folder. The demo's files are whole when they appear: no need to wait."""
    return files.Folder(url=str(INBOX / name), pattern="*.csv", split="rows", poll=0.25, stable_for=0)


suppliers = procurement.suppliers(source=folder("suppliers"))
locations = inventory.locations(source=folder("locations"))
items = inventory.items(source=folder("items"))
counts = inventory.counts(source=folder("counts"))
