"""PDF: the files that are embedded in one, such as the invoice in a Factur-X. Its pages are not read.

xml = pdf.embedded(body, ("factur-x.xml",))
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import Final

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from hilum.errors import Invalid

BEGINS: Final = b"%PDF-"
"""How a PDF begins (ISO 32000-2, 7.5.2)."""

_UNREADABLE: Final = (
    PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError, EOFError,
    OSError, NotImplementedError,
)  # fmt: skip
"""What the library raises, some of it by chance, for what is no PDF. It unpacks no more than 75 MB of a part."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote what it reads


def embedded(body: bytes, names: Sequence[str]) -> bytes | None:
    """The first of these files that is embedded, by its name in any case of letters; none: the PDF has none of them.

    Raises `Invalid` for what is no PDF, is encrypted, or cannot be read.
    """
    if not body.startswith(BEGINS):
        raise Invalid("the file is no PDF", where="first bytes")
    try:
        return _embedded(PdfReader(io.BytesIO(body)), names)
    except FileNotDecryptedError:
        raise Invalid("the PDF is encrypted: ask for one without a password") from None
    except _UNREADABLE:
        raise Invalid("the PDF cannot be read: it is cut off or damaged") from None


def _embedded(reader: PdfReader, names: Sequence[str]) -> bytes | None:
    found = {each.name.lower(): each for each in reversed([*reader.attachment_list])}
    wanted = next((found[name.lower()] for name in names if name.lower() in found), None)
    return wanted.content if wanted is not None else None
