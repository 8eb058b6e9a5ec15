"""Invented patients: names are put together from lists, so that nobody is meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_FAMILY = (
    "Fennick", "Orrin", "Petrel", "Ibsenholt", "Marlowe-Quist", "Ashgrove", "Tindalen", "Vossberg", "Lindqvane",
    "Okarobe", "Delacorde", "Szarvas-Holm", "Brannigarde", "Castellove", "Nakamoru", "Eriksdale", "Pommerelle",
)  # fmt: skip
_GIVEN = (
    "Odile", "Basil", "Ana", "Leo", "Marit", "Jonas", "Yara", "Tomasz", "Irena", "Willem", "Noor", "Karel", "Sofia",
    "Emeka", "Linnea", "Bruno",
)  # fmt: skip
_STREETS = ("Quarry Lane", "Mill Road", "Orchard Street", "Harbour View", "Station Square", "Chapel Hill")
_CITIES = (("Marlow", "4410"), ("Eastbrook", "2200"), ("Fernhill", "9310"), ("Stonebridge", "1780"))


@dataclass(slots=True)
class Patient:
    """A patient with one stay: the identifiers are the same in every system."""

    number: str  # medical record number
    account: str
    visit: str
    family: str
    given: str
    birth_date: date
    sex: str
    street: str
    city: str
    postal_code: str
    phone: str
    ward: str  # where the patient is now


def invent(rng: Random, count: int, ward: str) -> Patient:
    """The n-th patient of a hospital."""
    city, postal_code = rng.choice(_CITIES)
    return Patient(
        number=f"MR{100000 + count}",
        account=f"AC{200000 + count}",
        visit=f"V{300000 + count}",
        family=rng.choice(_FAMILY),
        given=rng.choice(_GIVEN),
        birth_date=date(1935, 1, 1) + timedelta(days=rng.randrange(31_000)),
        sex=rng.choice("FM"),
        street=street(rng),
        city=city,
        postal_code=postal_code,
        phone=phone(rng),
        ward=ward,
    )


def street(rng: Random) -> str:
    """House number and street."""
    return f"{rng.randrange(1, 99)} {rng.choice(_STREETS)}"


def phone(rng: Random) -> str:
    """A number of a range that is kept for fiction."""
    return f"+32 2 555 {rng.randrange(1000, 9999)}"
