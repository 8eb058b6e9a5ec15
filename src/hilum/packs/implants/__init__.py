"""Implants: what is bought only when it is used closes as use, bill-only order, supplier's bill and patient's charge.

`inventory.consumption(…, implants=handle(closing))` and `usage` bring uses, `commands` takes what follows from them to
Odoo. `closing_process` (in `hilum.packs.implants.closing`) follows each operation until everything is there; what is
missing is an open break with an owner.
"""

from hilum.packs.implants.commands import commands
from hilum.packs.implants.usage import usage

__all__ = ["commands", "usage"]
