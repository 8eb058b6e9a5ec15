"""To trading partners: control numbers are drawn when a document is sent, and what their answers settle is noted.

yield partners.Addressed("gloveco", draft)   # X12 drafts and interchanges, EDIFACT ones, cXML documents
flow.deliver_to(*partners.send(profile))
flow.deliver_to(partners.settle())           # what a 997, 999, TA1 or CONTRL says of what was sent
"""

from hilum.connectors.partners.line import FORMATS, Addressed, PartnerLine, check_routes, secret_of, send, source_of
from hilum.connectors.partners.settling import Register, settle

__all__ = [
    "FORMATS",
    "Addressed",
    "PartnerLine",
    "Register",
    "check_routes",
    "secret_of",
    "send",
    "settle",
    "source_of",
]
