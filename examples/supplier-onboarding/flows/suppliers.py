"""Registrations of the portal become suppliers in Odoo, once two people have approved; a process follows each."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from hilum.canonical import (
    BusinessObject,
    DocumentStatus,
    ScreeningResult,
    Supplier,
    SupplierBankChange,
    SupplierRegistration,
)
from hilum.connectors import files, http, odoo
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.packs.suppliers import (
    LEIE,
    SupplierRules,
    bank_change_process,
    onboarding_process,
    screening_list,
    standing,
    supplier_changed,
)
from hilum.processes import Commands, handle

OWNERS = Owners(business="Procurement", technical="Integration")
PORTAL = os.environ.get("PORTAL_URL", "http://127.0.0.1:8099")
RULES = SupplierRules(credentials=["liability-insurance"], lists=[LEIE.name], look_again="PT5S")

onboarding = onboarding_process(RULES, owners=OWNERS)
bank_changes = bank_change_process(RULES, owners=OWNERS)


class Registered(BaseModel):
    """A registration as the portal shows it."""

    changed_at: datetime
    registration: SupplierRegistration


registrations = Flow(
    "suppliers.registrations", version="1.0", summary="Registrations and their revisions are read from the portal",
    owners=OWNERS, pattern=Pattern.TRANSACTION, input=Registered,
    source=http.Poll(
        url=f"{PORTAL}/registrations?page_size=50", token=os.environ.get("PORTAL_TOKEN", "practice"),
        every=float(os.environ.get("ASK_EVERY", "10")), items="registrations", item_id="registration.number",
        changed="changed_at", since="changed_since", cursor="next",
    ),
    order_by=lambda shown: shown.registration.number,
)  # fmt: skip


@registrations.translate
def registered(shown: Registered, _: Lookup) -> SupplierRegistration:
    return shown.registration


registrations.deliver_to(*handle(onboarding))

accounts = Flow(
    "suppliers.bank_changes", version="2.0", summary="Suppliers tell of other bank accounts at the portal",
    owners=OWNERS, pattern=Pattern.TRANSACTION, format="object",
    source=http.Listener(
        host=os.environ.get("LISTEN", "127.0.0.1"), port=int(os.environ.get("PORT", "8094")), path="/bank-changes",
        hmac_secret=os.environ.get("PORTAL_SECRET", "practice"), hmac_header="X-Signature",
        hmac_timestamp="X-Signature-Timestamp",
    ),
    also_from=[  # what was posted and lost on its way
        http.Poll(
            url=f"{PORTAL}/bank-changes", token=os.environ.get("PORTAL_TOKEN", "practice"),
            every=float(os.environ.get("ASK_EVERY", "10")), items="changes", item_id="data.number",
        )
    ],
    order_by=lambda change: change.business_key,
    dedup_by=lambda change: change.business_key,
)  # fmt: skip


@accounts.translate
def other_account(change: BusinessObject, _: Lookup) -> SupplierBankChange:
    if not isinstance(change, SupplierBankChange):
        raise Invalid("This is no change of bank details.")
    return change


accounts.deliver_to(*handle(bank_changes))

to_odoo = Flow(
    "suppliers.to_odoo", version="1.0", summary="Suppliers are created, blocked and released in Odoo",
    owners=OWNERS, pattern=Pattern.MASTER_DATA, source=Commands("suppliers.changes"),
    order_by=lambda message: message["content"]["code"],
)  # fmt: skip


@to_odoo.translate
def changed(parsed: Any, hub: Lookup) -> Supplier:
    return supplier_changed(parsed, hub)


to_odoo.deliver_to(odoo.supplier("odoo.main"))

screenings = Flow(
    "suppliers.screenings", version="1.0", summary="What each look at the lists came to is kept, for whoever orders",
    owners=OWNERS, pattern=Pattern.MASTER_DATA, source=Commands("suppliers.screenings"),
    order_by=lambda message: message["content"]["subject"],
)  # fmt: skip


@screenings.translate
def screened(parsed: Any, _: Lookup) -> ScreeningResult:
    return ScreeningResult.model_validate(parsed["content"])


screenings.deliver_to(standing.keep())

answers = Flow(
    "suppliers.answers", version="1.0", summary="Suppliers hear what is missing, and what became of it",
    owners=OWNERS, pattern=Pattern.TRANSACTION, source=Commands("suppliers.answers"),
    order_by=lambda message: message["content"]["document"],
)  # fmt: skip


@answers.translate
def answer(parsed: Any, _: Lookup) -> DocumentStatus:
    return DocumentStatus.model_validate(parsed["content"])


answers.deliver_to(http.post("http.portal"))

leie = screening_list(
    LEIE,
    source=files.Folder(url=f"{os.environ.get('IN_DIR', 'in')}/leie", pattern="*.csv"),
    name="screening.leie",
    owners=OWNERS,
)
