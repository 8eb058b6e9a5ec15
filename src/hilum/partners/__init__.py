"""Trading partners: what is agreed with each, as data; what was sent to them; and what they have not answered.

    known = load_partners(project_folder / "partners")      # one TOML file for each partner
    known["gloveco"].x12, known.of_supplier("S-200")

A profile says who the two sides are in each format, how the partner writes, and where documents go. The register in
PostgreSQL draws the control numbers of what is sent and keeps it until the partner has answered.
"""

from pathlib import Path

from hilum.partners.answers import Settled, answered, answers_document, status_update
from hilum.partners.arrivals import Arrived, arrived
from hilum.partners.loading import FOLDER, Partners, load_partners
from hilum.partners.profile import Acknowledges, CxmlPartner, CxmlParty, Format, Profile, ReceiveRoute, SendRoute

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "FOLDER",
    "MIGRATIONS",
    "Acknowledges",
    "Arrived",
    "CxmlPartner",
    "CxmlParty",
    "Format",
    "Partners",
    "Profile",
    "ReceiveRoute",
    "SendRoute",
    "Settled",
    "answered",
    "answers_document",
    "arrived",
    "load_partners",
    "status_update",
]
