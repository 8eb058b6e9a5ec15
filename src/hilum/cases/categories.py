"""Every category that a case can have, in business words: what it means, what to do next, and who can do it.

One table, read by `classify`, the console, the command line and the reference page. A category that is not in it comes
from a connector outside of this project: it is described by `described` as far as its name says something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

BUSINESS, TECHNICAL = "business", "technical"
"""The two kinds of failure. Each flow names an owner for each: who decides about the content, who keeps it running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One kind of exception."""

    key: str  # stable, for statistics, filters and docs
    title: str  # two to five words, as a heading
    meaning: str  # what has happened, in a sentence
    kind: str  # business or technical: which of the flow's owners gets the case
    next_step: str  # what to do


_CORRECT = "Correct the data where it belongs (here or in the receiving system), then replay; or discard it."
_IN_ODOO = "Correct it in Odoo, then replay."
_IN_SOURCE = "Correct it in the system that sent it and have it sent again, or edit it here and resubmit."
_ENGINEER = "An integration engineer looks at the flow and the endpoint; then replay."

_ALL = (
    # what the hub itself finds
    ("unmapped", "Unknown code", "A code has no row in a lookup table.", BUSINESS,
     "Add the code to the table, then replay all that wait for it."),
    ("invalid", "Cannot be read", "The message breaks its format or its contract.", BUSINESS,
     "Ask the sender to correct and resend it, or edit it here and resubmit."),
    ("not_accepted", "No flow takes it", "No flow takes this kind of message, and its sender cannot be told.",
     TECHNICAL, "Add or correct the flow that it is for, have it sent again, and discard it here. A replay gives it to"
     " the flow that it is shown under."),
    ("crosswalk.taken", "Number of another thing", "A GTIN, UDI, part number or GLN names another thing already.",
     BUSINESS, "Correct the number at its source; or unlink it or merge the two in the crosswalk. Then replay."),
    ("crosswalk.wrong", "Number cannot be kept", "A number is too long, or has characters that cannot be kept.",
     BUSINESS, _IN_SOURCE),
    ("not_owner", "Not the owner", "The sender may not change this: another system owns it.", BUSINESS,
     "Make the change in the system that owns it, then discard this one."),
    ("undecided", "A steward decides", "Two systems say different things, and the rule asks a person which one counts.",
     BUSINESS, "Compare the two. Let it through (Refused changes, or hilum ownership accept), or discard it."),
    ("ambiguous", "Known or new?", "What arrived is like something that the hub knows already, and may be that.",
     BUSINESS,
     "Say which it is, or that it is new (Matches, or hilum match answer): all that wait for it go on. Or discard it."),
    ("refused", "Against a rule", "A rule of this hub forbids it.", BUSINESS,
     "Decide whether the rule or the message is wrong; then replay or discard."),
    ("stopped", "Stopped", "The flow stopped it.", BUSINESS, "Read why, correct it, then replay or discard."),
    ("unsure", "Not known whether it arrived", "The answer was lost, and the receiver does not recognise a repetition.",
     TECHNICAL, "Look whether it arrived. If not, replay; if it did, discard it here."),
    ("retries_exhausted", "All attempts failed", "The receiver did not take it in all attempts that the flow allows.",
     TECHNICAL, "Find out what is wrong with the receiver, then replay."),
    ("retries_cancelled", "Attempts ended by a person", "Somebody ended its further attempts, with a reason.",
     TECHNICAL, "Decide: replay, or discard."),
    ("settings", "Set-up of the flow", "The flow or an endpoint is not set up as it needs.", TECHNICAL,
     "Correct the set-up of the flow, then replay."),
    ("defect", "Defect of the flow", "The flow's own code failed.", TECHNICAL, "Correct the flow, then replay."),
    (
        "endless",
        "Does not end",
        "The flow did not come to an end with this message, and its process ended itself.",
        TECHNICAL,
        "Correct the flow (an endless loop, a regular expression that explodes), then replay.",
    ),
    ("identifier_reused", "Identifier used twice", "The sender used a message identifier again for another content.",
     TECHNICAL,
     "Compare the two. If this one is a message of its own, replay it; if it is a repetition, discard it."),
    ("edit_waits", "An edit waits for a second person", "Somebody edited a message, and the policy asks for a second"
     " person.", BUSINESS, "Approve or refuse it under Approvals."),
    ("payload_damaged", "Payload damaged", "What is stored is not what the hub wrote.", TECHNICAL,
     "Find out who changed the database. Ask the sender to send it again, then discard this one."),
    ("payload_erased", "Payload erased", "The payload was removed when its retention ended.", TECHNICAL,
     "It cannot be sent any more. Have it sent again by its source, and discard this one."),
    # Odoo
    ("odoo.validation", "Odoo refuses the data", "The data breaks a check of Odoo.", BUSINESS, _CORRECT),
    ("odoo.user", "A rule of Odoo", "A rule of Odoo forbids it.", BUSINESS, _CORRECT),
    ("odoo.missing", "Gone in Odoo", "The record no longer exists in Odoo.", BUSINESS,
     "Find out who removed it; restore it and replay, or discard."),
    ("odoo.missing_reference", "Unknown in Odoo", "The message names something that Odoo does not have.", BUSINESS,
     "Create or correct it in Odoo, then replay all that wait for it."),
    ("odoo.ambiguous_reference", "Twice in Odoo", "The message names something that Odoo has more than once.", BUSINESS,
     "Merge or mark the right one in Odoo, then replay."),
    ("odoo.conflict", "Changed in Odoo meanwhile", "Odoo has another content than the hub wrote.", BUSINESS,
     "Compare the two, decide which is right, then replay or discard."),
    ("odoo.cancelled", "Cancelled in Odoo", "The document was cancelled in Odoo.", BUSINESS,
     "Decide in Odoo whether it is to go on; then replay or discard."),
    ("odoo.not_done", "Not finished in Odoo", "Odoo took it, and did not carry it out to the end.", BUSINESS,
     "Look at the document in Odoo, finish or correct it there, then replay."),
    ("odoo.unit", "Unit does not fit", "The unit of measure does not convert into the one of the item.", BUSINESS,
     "Correct the unit of the item or of the message, then replay."),
    ("odoo.currency", "Currency does not fit", "The currency is not the one that Odoo expects here.", BUSINESS,
     _IN_ODOO),
    ("odoo.lot_required", "Lot is missing", "Odoo tracks lots of this item, and the message names none.", BUSINESS,
     _IN_SOURCE),
    ("odoo.invalid", "Not what the operation takes", "The object cannot be delivered by this operation.", TECHNICAL,
     _ENGINEER),
    ("odoo.access", "No right in Odoo", "The hub's user in Odoo may not do this.", TECHNICAL,
     "An Odoo administrator gives the right to the hub's user; then replay."),
    ("odoo.not_installed", "Module not installed", "This Odoo has no such model or function.", TECHNICAL,
     "Install the module in Odoo, then replay."),
    (
        "odoo.not_in_xml",
        "Not to be said in XML-RPC",
        "A control character, a whole number beyond 32 bits, or an empty value in an answer.",
        TECHNICAL,
        "Take it out in the flow, or let the proxy pass JSON; then replay.",
    ),
    ("odoo.too_large", "Too large for Odoo", "It is larger than Odoo takes in one call, or than the endpoint allows.",
     TECHNICAL, _ENGINEER),
    ("odoo.unknown_operation", "Unknown operation", "The flow asks for an operation that this version does not have.",
     TECHNICAL, _ENGINEER),
    ("odoo.defect", "Does not fit this Odoo", "What the hub sent does not fit this Odoo.", TECHNICAL, _ENGINEER),
    # what will make messages fail, before one does: there is no message in these
    ("endpoint.drift", "Fields have changed there", "A destination has lost or changed fields that flows need, as after"
     " an upgrade.", TECHNICAL, "See what the upgrade changed: correct the flows or the settings there. If it is as it"
     " should be, accept it: hilum odoo check --accept."),
    ("endpoint.module", "Module is missing there", "A destination lacks a module that flows need.", TECHNICAL,
     "Install the module there, or take the operation out of the flows."),
    ("endpoint.right", "Right is missing there", "The hub's user may not read what flows need there.", TECHNICAL,
     "An administrator there gives the right to the hub's user."),
    ("endpoint.protocol", "Protocol ends", "The protocol by which the hub comes to a destination is about to be removed"
     " there.", TECHNICAL, "Change the settings of the endpoint to the protocol that follows it."),
    ("endpoint.key", "Key ends soon", "The key with which the hub comes to a destination is about to end.", TECHNICAL,
     "Make a new key there and set it, before the old one ends."),
    # trading partners: what they were sent
    ("partner.unacknowledged", "Not acknowledged", "A partner has not said in time that it has a document.", BUSINESS,
     "Ask the partner whether it has the document. If not, replay the message; if it has, say so: hilum edi close."),
    ("partner.rejected", "Rejected by the partner", "A partner's system has refused a document.", BUSINESS,
     "Correct what it names and send the document again by a replay; or agree on another way, and say so: hilum edi"
     " close."),
    ("partner.missing", "Number missing", "A partner numbers what it sends, and a number has not come.", BUSINESS,
     "Ask the partner to send it again. If it never sent it, or you have it otherwise, say so: hilum edi give-up."),
    # processes: what waits in one although no message is held
    ("process.held", "Run held by a defect", "A process stopped at something that its code does not provide for.",
     TECHNICAL, "Correct the process, restart the hub with it, then repeat the runs; or cancel them."),
    ("process.refused", "Run held by its content", "A process stopped at something that its rules do not allow.",
     BUSINESS, "Decide whether the thing or the rule is wrong, correct it, then repeat the runs; or cancel them."),
    ("process.unheard", "No run waits for it", "Something came for a process a day ago or more, and no run took it.",
     BUSINESS, "Find out why nothing has begun for it: have what begins it sent, or close the case."),
    ("process.late", "Came after the end", "Something came for a run that had ended already.", BUSINESS,
     "Decide whether something must be done about it, do it where it belongs, then close the case."),
    ("process.strange", "What came cannot be", "Another system tells a process something that its rules do not allow;"
     " nothing of it was taken over.", BUSINESS, "Find out which of both is wrong, and correct it in the system that"
     " told it: what it tells then ends the case. Or close the case."),
    ("process.missed", "Word of another system was lost", "Compared with all that another system has now, a process had"
     " not heard the last of it; the hub told it. Or the system has something no more.", BUSINESS, "Find out why it was"
     " not told. What the hub could settle ends with the next comparison; else correct it in that system."),
    # two systems compared: where they differ although no message is held
    ("reconcile.different", "Two systems differ", "A comparison has found the same thing different on its two sides,"
     " more than once.", BUSINESS, "Find out which of both is right, and correct the other one: the next comparison"
     " that finds them the same ends the case. Or close the case with the reason."),
    ("reconcile.failed", "Could not be compared", "A comparison could not read one of its sides.", TECHNICAL,
     "Read why, and correct what it needs. It is compared again within the hour, and the case then ends."),
    ("stock.critical", "Too little in a store", "A store has less of an item than must be there.", BUSINESS,
     "Bring some from another store, or have it delivered at once. The case ends when there is enough again."),
    ("gateway.chargeback", "Payment taken back", "A payer's bank took back what was paid by a payment gateway.",
     BUSINESS, "Object at the gateway while it still takes that: if it is won, the case ends. Else close it with what"
     " was decided: bill the payer again, or accept the loss."),
    # HTTP: 4xx answers that will always be the same
    ("http.400", "Receiver cannot read it", "The receiver says that the request is wrong (400).", TECHNICAL, _ENGINEER),
    ("http.404", "Unknown at the receiver", "The receiver does not know what is addressed (404).", TECHNICAL,
     _ENGINEER),
    ("http.409", "Conflict at the receiver", "The receiver has something else in its place (409).", BUSINESS, _CORRECT),
    ("http.410", "Gone at the receiver", "The receiver has it no more (410).", BUSINESS, _CORRECT),
    ("http.413", "Too large", "It is larger than the receiver takes (413).", TECHNICAL, _ENGINEER),
    ("http.415", "Format not taken", "The receiver does not take this format (415).", TECHNICAL, _ENGINEER),
    ("http.422", "Receiver refuses the data", "The data breaks a check of the receiver (422).", BUSINESS, _CORRECT),
    # MLLP
    ("mllp.rejected", "Rejected by the receiver", "The receiver answered AR or CR: it will never take this one.",
     BUSINESS, _CORRECT),
    ("mllp.error", "Error at the receiver", "The receiver answered AE or CE: it could not process this one.", BUSINESS,
     _CORRECT),
    ("mllp.not_hl7", "Not an HL7 message", "What the flow made is no HL7 message.", TECHNICAL, _ENGINEER),
    ("mllp.no_answer_asked", "Asks for no answer", "The message asks for no acknowledgement, so it could never be"
     " confirmed.", TECHNICAL, "Have the flow write MSH-15 and MSH-16 so that the receiver answers; then replay."),
    # files
    ("files.occupied", "File exists", "There is a file of this name with other content.", TECHNICAL,
     "Look at the two files; move or rename the one that is in the way, then replay, or discard."),
)  # fmt: skip

CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        key: Category(key=key, title=title, meaning=meaning, kind=kind, next_step=next_step)
        for key, title, meaning, kind, next_step in _ALL
    }
)
"""All categories that this version can give, by key."""

_TECHNICAL_ENDINGS = (".defect", ".access", ".protocol")


def described(key: str) -> Category:
    """The category of this key; one that is not declared is named by its key.

    Undeclared keys that end in `.defect`, `.access` or `.protocol` are technical, all others business.
    """
    if key in CATEGORIES:
        return CATEGORIES[key]
    return Category(
        key=key,
        title=key.replace(".", ": ").replace("_", " "),
        meaning="The receiver refuses it.",
        kind=TECHNICAL if key.endswith(_TECHNICAL_ENDINGS) else BUSINESS,
        next_step=_CORRECT,
    )
