"""SWIFT MT940 and MT942: statements of bank accounts as lines of text, in the dialects of many banks.

    from hilum.formats import mt940

    for statement in mt940.read(data).statements:
        statement.opening, statement.entries, statement.problems()

A page of a statement (:60M:, :62M:) is a statement of its own with the balances of the page.
"""

from hilum.formats.mt940.fields import SIZE_LIMIT
from hilum.formats.mt940.reading import read
from hilum.formats.mt940.writing import write

__all__ = ["SIZE_LIMIT", "read", "write"]
