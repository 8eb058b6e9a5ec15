"""A simulated month of three hospitals: what is ordered, what goes wrong, what must come of it, and who plays it.

month = month_of(seed=1, orders=200, vendors=40)     # pure: what is true
books_of(month)                                      # pure: what it must come to, to the cent
await World(month=month, …).play()                   # suppliers, bank and people around a hub that runs
table(month, await look(connection, month, folder))  # what was injected × what the hub found
differences(books_of(month), await read_books(client, month))
"""

from hilum.simulator.month.expected import Books, books_of, differences
from hilum.simulator.month.findings import Findings, look, table
from hilum.simulator.month.odoo_books import opened, read_books
from hilum.simulator.month.playing import World
from hilum.simulator.month.scenario import month_of
from hilum.simulator.month.troubles import RATES, Trouble, found_as
from hilum.simulator.month.truth import Month, Story

__all__ = [
    "RATES",
    "Books",
    "Findings",
    "Month",
    "Story",
    "Trouble",
    "World",
    "books_of",
    "differences",
    "found_as",
    "look",
    "month_of",
    "opened",
    "read_books",
    "table",
]
