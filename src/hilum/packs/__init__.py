"""Ready-made flows of a hospital, by business domain: a flow file names one, its source and its Odoo, and is done.

    from hilum.connectors import mllp
    from hilum.packs import inventory

    consumption = inventory.consumption(source=mllp.Listener(port=2575, accepts=["DFT^P03"]), odoo="odoo.main")

`clinical` follows patients from admission to discharge, `inventory` follows supplies from the store to the patient,
`procurement` turns what departments ask for into orders, `payables` takes bills that were read from paper, `finance`
pays and takes the statements of banks, `odoo` tells others what changes in Odoo, `analytics` writes tables for
analysts, `passing` hands on what is a business object already. Names, owners and targets can be given; what a pack
makes of a message is written at its function.
Every pack asks lookup tables for the hub's codes, and a code without a row holds the message (`Unmapped`): nothing is
guessed.
"""

from hilum.packs import analytics, clinical, finance, inventory, odoo, passing, payables, procurement

__all__ = ["analytics", "clinical", "finance", "inventory", "odoo", "passing", "payables", "procurement"]
