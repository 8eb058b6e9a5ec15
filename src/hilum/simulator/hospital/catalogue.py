"""What the simulated hospital buys, stores and charges, from whom, and where it keeps it. All of it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

CURRENCY = "EUR"  # that of the sandbox Odoo's company: Odoo takes item prices in no other

ALIAS = "ALT-"
"""Begins a charge code that no lookup table has: `ALT-GLOVE-M` is meant to be `GLOVE-M`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Something that is charged; stocked ones are also stored and bought."""

    code: str  # the item number, the same in every system
    title: str
    price: Decimal  # of one unit, charged to the patient
    stocked: bool = True
    cost: Decimal = Decimal(0)  # of one unit, paid to the supplier; 0 for services
    supplier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A supplier."""

    code: str
    title: str
    email: str
    phone: str
    street: str
    city: str
    postal_code: str
    country: str
    tax_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """A place where patients are, and the store that its supplies come from."""

    code: str  # as it stands in PV1-3.1
    title: str
    store: str
    store_title: str


def _vendor(code: str, title: str, number: int, city: str, postal_code: str, country: str) -> Vendor:
    domain = title.lower().replace(" ", "-")
    return Vendor(
        code=code,
        title=title,
        email=f"orders@{domain}.example",
        phone=f"+32 2 555 0{number:03}",
        street=f"{number} Industry Road",
        city=city,
        postal_code=postal_code,
        country=country,
        tax_id="",  # Odoo checks tax numbers, and an invented one that passes might be somebody's
    )


VENDORS = (
    _vendor("SUP-MEDQ", "Medquarry Supplies", 11, "Ghent", "9000", "BE"),
    _vendor("SUP-STITCH", "Stitchwell Sutures", 23, "Lille", "59000", "FR"),
    _vendor("SUP-ORTHO", "Orthoforge Implants", 37, "Aachen", "52062", "DE"),
    _vendor("SUP-VASCO", "Vascolumen Catheters", 42, "Utrecht", "3511", "NL"),
    _vendor("SUP-CLEAN", "Cleanfold Textiles", 58, "Liege", "4000", "BE"),
)

WARDS = (
    Ward(code="ED", title="Emergency department", store="STORE-ED", store_title="Emergency store"),
    Ward(code="W1", title="Ward 1, internal medicine", store="STORE-W1", store_title="Cupboard of ward 1"),
    Ward(code="W2", title="Ward 2, surgery", store="STORE-W2", store_title="Cupboard of ward 2"),
    Ward(code="ICU", title="Intensive care", store="STORE-ICU", store_title="Intensive care store"),
    Ward(code="OR1", title="Operating theatre 1", store="STORE-OR", store_title="Theatre store"),
    Ward(code="OR2", title="Operating theatre 2", store="STORE-OR", store_title="Theatre store"),
    Ward(code="CATH", title="Catheter laboratory", store="STORE-CATH", store_title="Catheter store"),
)

# code, title, cost, price, supplier
_STOCKED = (
    ("GLOVE-S", "Examination glove, small", "0.06", "0.15", "SUP-MEDQ"),
    ("GLOVE-M", "Examination glove, medium", "0.06", "0.15", "SUP-MEDQ"),
    ("GLOVE-L", "Examination glove, large", "0.06", "0.15", "SUP-MEDQ"),
    ("MASK-FFP2", "Respirator mask FFP2", "0.32", "0.85", "SUP-MEDQ"),
    ("SYR-5", "Syringe 5 ml", "0.09", "0.25", "SUP-MEDQ"),
    ("SYR-20", "Syringe 20 ml", "0.17", "0.45", "SUP-MEDQ"),
    ("NEEDLE-21G", "Needle 21 G", "0.04", "0.12", "SUP-MEDQ"),
    ("IVSET", "Infusion set", "0.95", "2.60", "SUP-MEDQ"),
    ("NACL-500", "Saline 0.9 %, 500 ml", "0.88", "2.40", "SUP-MEDQ"),
    ("DRESS-10", "Wound dressing 10 x 10 cm", "0.41", "1.20", "SUP-MEDQ"),
    ("SUT-3-0", "Suture 3-0, absorbable", "2.10", "4.25", "SUP-STITCH"),
    ("SUT-4-0", "Suture 4-0, absorbable", "2.30", "4.60", "SUP-STITCH"),
    ("SUT-2-0-NA", "Suture 2-0, non-absorbable", "1.95", "3.90", "SUP-STITCH"),
    ("STAPLER-SK", "Skin stapler", "11.40", "24.00", "SUP-STITCH"),
    ("MESH-15", "Hernia mesh 15 x 15 cm", "84.00", "165.00", "SUP-STITCH"),
    ("HIP-STEM-12", "Hip stem, size 12", "910.00", "1480.00", "SUP-ORTHO"),
    ("HIP-CUP-52", "Hip cup, 52 mm", "640.00", "1050.00", "SUP-ORTHO"),
    ("SCREW-45", "Cortical screw 4.5 mm", "18.50", "39.00", "SUP-ORTHO"),
    ("PLATE-6H", "Bone plate, 6 holes", "122.00", "245.00", "SUP-ORTHO"),
    ("CEMENT-40", "Bone cement 40 g", "46.00", "92.00", "SUP-ORTHO"),
    ("CATH-6F", "Guiding catheter 6 F", "58.00", "118.00", "SUP-VASCO"),
    ("WIRE-014", "Guide wire 0.014 in", "71.00", "140.00", "SUP-VASCO"),
    ("STENT-30-18", "Drug-eluting stent 3.0 x 18 mm", "390.00", "720.00", "SUP-VASCO"),
    ("BALLOON-25", "Balloon 2.5 mm", "128.00", "250.00", "SUP-VASCO"),
    ("SHEATH-6F", "Introducer sheath 6 F", "17.20", "36.00", "SUP-VASCO"),
    ("GOWN-ST", "Surgical gown, sterile", "3.10", "7.50", "SUP-CLEAN"),
    ("DRAPE-L", "Surgical drape, large", "4.60", "9.80", "SUP-CLEAN"),
    ("TOWEL-ST", "Towel, sterile", "0.70", "1.90", "SUP-CLEAN"),
)

# code, title, price
_SERVICES = (
    ("BED-DAY", "Bed, one day", "310.00"),
    ("ICU-DAY", "Intensive care, one day", "1240.00"),
    ("OR-TIME", "Operating theatre, 30 minutes", "420.00"),
    ("CONSULT", "Consultation", "65.00"),
    ("XRAY", "X-ray, one view", "48.00"),
)

STOCKED = tuple(
    Article(code=code, title=title, cost=Decimal(cost), price=Decimal(price), supplier=supplier)
    for code, title, cost, price, supplier in _STOCKED
)
SERVICES = tuple(
    Article(code=code, title=title, price=Decimal(price), stocked=False) for code, title, price in _SERVICES
)
