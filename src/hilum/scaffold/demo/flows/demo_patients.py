"""Patients come in and leave: the account of each is kept in Odoo."""

import os

from hilum.connectors import mllp
from hilum.packs import clinical

PORT = int(os.environ.get("MLLP_PORT", "2575"))

admissions = clinical.admissions(
    source=mllp.Listener(host="127.0.0.1", port=PORT, accepts=["ADT^*"]), odoo="odoo.main", timezone="UTC"
)
