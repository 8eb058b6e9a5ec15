"""Contracts with suppliers: what was agreed is what requisitions, orders and bills are held to."""

from hilum.packs.contracts.checking import (
    Comparison,
    PacksOf,
    Tolerance,
    keep_to,
    with_agreed_prices,
    words_of,
)

__all__ = ["Comparison", "PacksOf", "Tolerance", "keep_to", "with_agreed_prices", "words_of"]
