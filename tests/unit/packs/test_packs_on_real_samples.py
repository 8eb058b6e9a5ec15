"""The packs on messages that other people's systems wrote: an answer or a clear word, never another exception.

Set HILUM_SAMPLES to a folder of real samples (HL7 v2 in its folder hl7v2) to run these.
"""

from __future__ import annotations

from functools import partial

import pytest
from packs_support import real_samples, things

from hilum.connectors import mllp
from hilum.errors import Stop
from hilum.formats import hl7v2 as hl7
from hilum.packs import clinical, inventory, procurement

LISTENER = mllp.Listener(port=0, accepts=["*"])
PACKS = {
    "ADT": clinical.admissions,
    "DFT": inventory.consumption,
    "ORM": procurement.requisitions,
    "RDS": partial(inventory.dispensing, store="STORE-PHARM"),
}
EVERY_SAMPLE = real_samples(("",))


@pytest.mark.req("SYS-3")
@pytest.mark.skipif(not EVERY_SAMPLE, reason="HILUM_SAMPLES is not set")
@pytest.mark.parametrize("pack", sorted(PACKS))
@pytest.mark.parametrize("path", EVERY_SAMPLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_real_message_is_translated_or_explained(path, pack, anything, lookup):
    flow = PACKS[pack](source=LISTENER, odoo=None, also=[anything])
    for body in hl7.split(path.read_bytes()):
        try:
            made = things(flow, body, lookup)
        except Stop as stop:
            words = str(stop)
            assert len(words) > 20 and words[-1] not in ":,"
            continue
        assert all(thing.business_key and thing.identifiers for thing in made)


@pytest.mark.req("SYS-3")
@pytest.mark.skipif(not EVERY_SAMPLE, reason="HILUM_SAMPLES is not set")
def test_real_admissions_give_accounts(anything, lookup):
    """At least these are understood: A01, A03, A04, A08 of one vendor's test set."""
    flow = clinical.admissions(source=LISTENER, odoo=None, also=[anything])
    understood = set()
    for path in real_samples(("ADT-A01", "ADT-A03", "ADT-A04", "ADT-A08")):
        account, *_ = things(flow, path.read_bytes(), lookup)
        assert account.number and account.person.family
        understood.add(path.name[:7])
    assert understood == {"ADT-A01", "ADT-A03", "ADT-A04", "ADT-A08"}
