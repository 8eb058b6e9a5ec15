"""The twin of the contracts: what was agreed with suppliers as dated facts, and what each line should cost by them.

`store` keeps contracts and prices, `live` has them in memory for translations (`hub.prices`), `checks` keeps what lines
cost and asks what if, `keeping` has the destinations for flows.
"""

from hilum.masterdata.terms.book import Book, Head, PriceFact
from hilum.masterdata.terms.checks import Checked, WhatIf, checked, leak_of, note, price_check, what_if
from hilum.masterdata.terms.keeping import keep, record
from hilum.masterdata.terms.live import LiveTerms
from hilum.masterdata.terms.store import Origin, book, book_for, book_of_items, keep_contract, keep_price

__all__ = [
    "Book",
    "Checked",
    "Head",
    "LiveTerms",
    "Origin",
    "PriceFact",
    "WhatIf",
    "book",
    "book_for",
    "book_of_items",
    "checked",
    "keep",
    "keep_contract",
    "keep_price",
    "leak_of",
    "note",
    "price_check",
    "record",
    "what_if",
]
