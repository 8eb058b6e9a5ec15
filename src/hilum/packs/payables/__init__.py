"""Bills from paper: what an AP product or somebody with a PDF has read becomes a bill that is matched, paid and filed.

A field that was read with too little confidence is asked; what the matching comes to goes back to the reader.
"""

from hilum.packs.payables.ap_automation import from_ap, papers, read_bills, results, told_by_ap
from hilum.packs.payables.e_bill_pdfs import e_bill_pdfs
from hilum.packs.payables.pdf_bills import bill_metadata, bill_pdfs, mailed_bills
from hilum.packs.payables.reading import ReadingRules, fields_of
from hilum.packs.payables.reading_process import reading_process
from hilum.packs.payables.telling_process import telling_process

__all__ = [
    "ReadingRules",
    "bill_metadata",
    "bill_pdfs",
    "e_bill_pdfs",
    "fields_of",
    "from_ap",
    "mailed_bills",
    "papers",
    "read_bills",
    "reading_process",
    "results",
    "telling_process",
    "told_by_ap",
]
