"""Supplies used on a patient leave the stock in Odoo and become charges."""

import os

from hilum.connectors import mllp
from hilum.packs import inventory

PORT = int(os.environ.get("MLLP_PORT", "2575"))

consumption = inventory.consumption(
    source=mllp.Listener(host="127.0.0.1", port=PORT, accepts=["DFT^P03"]), odoo="odoo.main", currency="EUR"
)
