"""BAI2: what banks in North America report of accounts, as records of numbered types.

    from hilum.formats import bai2

    for statement in bai2.read(data).statements:
        statement.balances, statement.entries, statement.problems()

There is one statement for each account of each group.
"""

from hilum.formats.bai2.reading import read
from hilum.formats.bai2.records import SIZE_LIMIT
from hilum.formats.bai2.writing import write

__all__ = ["SIZE_LIMIT", "read", "write"]
