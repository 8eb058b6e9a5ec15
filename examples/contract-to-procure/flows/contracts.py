"""What the CLM and the provider of signatures tell moves contracts; prices and blanket orders follow in Odoo."""

from __future__ import annotations

import os

from hilum.connectors import http, odoo
from hilum.flow import Flow, Owners, Pattern
from hilum.masterdata import terms
from hilum.packs.contracts import clm
from hilum.packs.contracts.comparing import compare
from hilum.packs.contracts.contract_rules import ContractRules
from hilum.packs.contracts.lifecycle import contract_process
from hilum.processes import Commands, handle

OWNERS = Owners(business="Contracts", technical="Integration")
HOST, PORT = os.environ.get("LISTEN", "127.0.0.1"), int(os.environ.get("PORT", "8094"))
CLM = os.environ.get("CLM_URL", "http://127.0.0.1:8099")
ASK_EVERY, COMPARE_EVERY = float(os.environ.get("ASK_EVERY", "10")), float(os.environ.get("COMPARE_EVERY", "60"))

life = contract_process(ContractRules(reminders=("P90D", "P30D")), owners=OWNERS)


def webhook(path: str) -> http.Listener:
    """Signed with the time of signing: a recorded one is good for five minutes."""
    return http.Listener(
        host=HOST,
        port=PORT,
        path=path,
        hmac_secret=os.environ.get("CLM_SECRET", "practice"),
        hmac_header="X-Signature",
        hmac_timestamp="X-Signature-Timestamp",
    )


def rest(what: str, item_id: str, every: float, **more: str) -> http.Poll:
    """Asks the CLM for what webhooks may have lost."""
    return http.Poll(
        url=f"{CLM}/{what}?page_size=50",
        token=os.environ.get("CLM_TOKEN", "practice"),
        every=every,
        items=what,
        item_id=item_id,
        cursor="next",
        **more,
    )


SINCE = {"changed": "changed_at", "since": "changed_since"}


def flow(name: str, summary: str, **more: object) -> Flow:
    """Master data of Contracts."""
    return Flow(name, version="1.0", summary=summary, owners=OWNERS, pattern=Pattern.MASTER_DATA, **more)


contracts = flow("clm.contracts", "The CLM tells of contracts",
                 source=webhook("/clm"), dedup_by=clm.event_id, input=clm.ContractEvent)  # fmt: skip
contracts.translate(clm.told_by_clm)
contracts.deliver_to(*handle(life))

envelopes = flow("esignature.envelopes", "The provider of signatures tells of envelopes",
                 source=webhook("/esignature"), dedup_by=clm.event_id, input=clm.EnvelopeEvent)  # fmt: skip
envelopes.translate(clm.told_by_esignature)
envelopes.deliver_to(*handle(life))

contracts_read = flow("clm.read", "Contracts are read from the CLM, also those of which no webhook came",
                      source=rest("contracts", "contract.number", ASK_EVERY, **SINCE),
                      input=clm.ContractShown)  # fmt: skip
contracts_read.translate(clm.read_of_clm)
contracts_read.deliver_to(*handle(life))

envelopes_read = flow("esignature.read", "Envelopes are read, also those of which no webhook came",
                      source=rest("envelopes", "envelope", ASK_EVERY, **SINCE), input=clm.EnvelopeShown)  # fmt: skip
envelopes_read.translate(clm.read_of_esignature)
envelopes_read.deliver_to(*handle(life))

compared = flow("clm.compared", "All contracts of the CLM are compared with what the hub has heard",
                source=rest("contracts", "contract.number", COMPARE_EVERY, tell="whole"),
                input=clm.ContractsShown)  # fmt: skip
compared.translate(clm.all_of_clm)
compared.deliver_to(compare(life))

to_terms = flow("contracts.terms", "Orders are held to what was agreed", source=Commands("contracts.terms"))
to_terms.translate(clm.contract_to_keep)
to_terms.deliver_to(terms.keep())

to_prices = flow("contracts.prices", "Prices of contracts begin and end in Odoo", source=Commands("contracts.prices"))
to_prices.translate(clm.supplier_prices)
to_prices.deliver_to(odoo.supplier_price("odoo.main"))

to_agreements = flow("contracts.agreements", "Blanket orders begin and end in Odoo",
                     source=Commands("contracts.agreements"))  # fmt: skip
to_agreements.translate(clm.blanket_order)
to_agreements.deliver_to(odoo.agreement("odoo.main"), odoo.agreement_end("odoo.main"))
