"""Suppliers: taken in under control, watched while they are active, and paid to accounts that somebody has confirmed.

`numbers`, `vat`, `checks` say what is wrong with a registration, `layouts` and `screening` whom of published lists it
may be; all of these are pure. `lists` loads the lists, `register` keeps them, `onboarding` and `bank_change` are
processes.
"""

from hilum.packs.suppliers.bank_change import bank_change_process
from hilum.packs.suppliers.layouts import LEIE, SAM
from hilum.packs.suppliers.lists import screening_list
from hilum.packs.suppliers.onboarding import onboarding_process
from hilum.packs.suppliers.rules import SupplierRules, supplier_changed

__all__ = [
    "LEIE",
    "SAM",
    "SupplierRules",
    "bank_change_process",
    "onboarding_process",
    "screening_list",
    "supplier_changed",
]
