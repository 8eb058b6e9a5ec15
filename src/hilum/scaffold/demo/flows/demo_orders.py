"""What stores ask for becomes purchase orders; each store finds in `out` what became of its requisition."""

import os
from pathlib import Path

from hilum.connectors import files, mllp
from hilum.packs import procurement

PORT = int(os.environ.get("MLLP_PORT", "2575"))
PROJECT = Path(__file__).parent.parent

requisitions = procurement.requisitions(
    source=mllp.Listener(host="127.0.0.1", port=PORT, accepts=["ORM^O01"]),
    odoo="odoo.main",
    report_to=[files.write(url=str(PROJECT / "out"), name="{message_id}-{ordinal}.json")],
)

requisitions_csv = procurement.requisitions_csv(
    source=files.Folder(url=str(PROJECT / "in" / "requisitions"), pattern="*.csv", split="none", poll=1, stable_for=1),
    odoo="odoo.main",
    report_to=[files.write(url=str(PROJECT / "out"), name="{message_id}-{ordinal}.json")],
)
