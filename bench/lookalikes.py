"""Labelled sets for matching: invented records, and what other people make of the same thing when they type it.

Seeded: the same seed makes the same set. A copy has typos, swapped and dropped words, abbreviations and other legal
forms, a moved address, missing numbers, transposed digits. Among the others there are hard ones: namesakes in other
cities, and sisters of one group at one address.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass

from hilum.masterdata.matching import Record


def _listed(text: str) -> list[str]:
    return text.split()


FAMILY = _listed(
    "Meyer Schulze Nowak Rossi Jansen Novak Larsen Dubois Costa Keller Wagner Fischer Huber Moreau Silva"
    " Andersen"
    " Lindberg Kowalski Brandt Vogel Peters Simon Krause Lorenz Marin Santos Weiss Zimmer Falk Hartmann"
    " Ilves Orban"
    " Petrov Quist Ritter Sommer Tanner Ulrich Voss Winter"
)
GIVEN = _listed(
    "Anna Bruno Carla David Elena Felix Greta Hanna Ivan Julia Karl Lena Marco Nina Oscar Paula Quentin"
    " Rosa Stefan"
    " Tomas Ute Vera Walter Xenia Yara Zoe Maria Peter Jonas Sofia"
)
TRADE = _listed(
    "Medizintechnik Medical Pharma Laborbedarf Dental Ortho Surgical Diagnostics Hygiene Textil Catering"
    " Logistik"
    " Reinigung Optik Implants Sterile Care Supply Systems Solutions Instruments Devices Vertrieb Handlung"
)
SYLLABLES = _listed(
    "ba be bi bo da de do fa fe ga ge ka ke ko la le li lo ma me mi mo na ne no pa pe ra re ro sa se ta"
    " te to va ve vi xo za"
)
FORMS = ("GmbH", "AG", "KG", "GmbH & Co. KG", "Inc.", "Ltd.", "S.A.", "B.V.", "")
STREETS = _listed(
    "Hauptstraße Bahnhofstraße Gartenweg Lindenallee Industriestraße Schulstraße Marktplatz Ringstraße"
    " Feldweg"
    " Kirchgasse Hafenstraße Talweg Bergstraße Wiesenweg Amselweg"
)
CITIES = _listed(
    "Hamburg Berlin Köln Leipzig Bremen Graz Wels Basel Bern Lyon Gent Aarhus Malmö Porto Turin Brno"
    " Essen Mainz"
    " Ulm Kassel Trier Jena Gera Hof Emden"
)
GOODS = _listed(
    "Glove Syringe Catheter Needle Gauze Bandage Stent Screw Plate Mask Gown Suture Tube Drain Cannula"
    " Swab Filter"
    " Electrode Sensor Bag"
)
TRAITS = (
    "sterile",
    "nitrile",
    "latex free",
    "silicone",
    "titanium",
    "disposable",
    "soft",
    "luer lock",
    "blue",
    "woven",
)
SIZES = (
    "S",
    "M",
    "L",
    "XL",
    "5 ml",
    "10 ml",
    "20 ml",
    "14 F",
    "16 F",
    "18 G",
    "21 G",
    "3 mm",
    "4 mm",
    "10 cm",
    "20 cm",
)
SHORT = {"Medizintechnik": "Med. Technik", "Medical": "Med.", "Straße": "Str.", "straße": "str.", "Services": "Svcs",
         "Laborbedarf": "Labor", "sterile": "ster.", "disposable": "disp."}  # fmt: skip

Values = dict[str, str]


@dataclass(slots=True)
class Labelled:
    """Two lists, and which of them are one thing: by identifier, left to right."""

    left: list[Record]
    right: list[Record]
    truth: dict[str, str]


class _Maker:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def digits(self, count: int) -> str:
        return "".join(self.r.choices(string.digits, k=count))

    def word(self) -> str:
        return "".join(self.r.choices(SYLLABLES, k=self.r.choice((2, 3, 3, 4)))).capitalize()

    def address(self) -> Values:
        city = self.r.choice(CITIES)
        postal = f"{10 + CITIES.index(city) * 3 + self.r.randrange(3)}{self.digits(3)}"
        street = f"{self.r.choice(STREETS)} {self.r.randrange(1, 200)}"
        return {"street": street, "postal_code": postal, "city": city}

    def phone(self) -> str:
        return f"+49 {self.digits(3)} {self.digits(7)}"

    def supplier(self) -> Values:
        r = self.r
        stem = r.choice((self.word(), self.word(), r.choice(FAMILY), f"{r.choice(FAMILY)} {self.word()}"))
        name = f"{stem} {' '.join(r.sample(TRADE, r.choice((1, 1, 2))))} {r.choice(FORMS)}".strip()
        domain = f"{''.join(c for c in stem.lower() if c.isascii() and c.isalpha())}{self.digits(2)}.example"
        found = {"name": name, "tax_id": f"DE{self.digits(9)}", "iban": f"DE{self.digits(20)}", "country": "DE",
                 "email": f"info@{domain}", "phone": self.phone()}  # fmt: skip
        return found | self.address()

    def sister(self, of: Values) -> Values:
        """Another company of the same group: hardest when it is in the same house."""
        made = self.supplier()
        words = of["name"].split()
        made["name"] = f"{words[0]} {self.r.choice(TRADE)} {self.r.choice(FORMS)}".strip()
        if self.r.random() < 0.4:
            made |= {name: of[name] for name in ("street", "postal_code", "city")}
            made["email"] = f"{self.word().lower()}@{of['email'].partition('@')[2]}"
        elif self.r.random() < 0.5:
            made["name"] = of["name"]
        return made

    def item(self) -> Values:
        r = self.r
        title = f"{r.choice(GOODS)} {self.word()} {' '.join(r.sample(TRAITS, 2))} {r.choice(SIZES)}"
        return {"title": title, "gtin": self.digits(13), "part_number": f"{self.word()[:2].upper()}-{self.digits(6)}",
                "maker": f"{self.word()} {r.choice(TRADE)}", "unit": r.choice(("EA", "BX", "PK")),
                "pack": r.choice(("1", "10", "50", "100"))}  # fmt: skip

    def size_of(self, of: Values) -> Values:
        """The same article in another size: another item."""
        made = of | {"gtin": self.digits(13), "part_number": of["part_number"][:-2] + self.digits(2)}
        words = of["title"].rsplit(" ", 1)
        made["title"] = f"{words[0]} {self.r.choice(SIZES)}"
        made["pack"] = self.r.choice(("1", "10", "50", "100"))
        return made

    def person(self) -> Values:
        r = self.r
        born = f"{r.randrange(1930, 2024)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"
        family = r.choice(FAMILY) if r.random() < 0.5 else self.word()
        given = r.choice(GIVEN) if r.random() < 0.7 else self.word()
        email = f"{given}.{family}{self.digits(1)}@gmx.de".lower()
        found = {
            "family_name": family,
            "given_name": given,
            "birth_date": born,
            "sex": r.choice("FM"),
            "national_id": self.digits(11),
            "phone": self.phone(),
            "email": email,
            "department": r.choice(TRADE),
            "hired_on": f"20{r.randrange(26):02}-0{r.randrange(1, 10)}-01",
        }
        return found | self.address()

    def relative(self, of: Values) -> Values:
        """A twin or a namesake: same name and house, or same name and birthday."""
        made = self.person() | {"family_name": of["family_name"]}
        if self.r.random() < 0.5:
            made |= {name: of[name] for name in ("street", "postal_code", "city", "birth_date", "phone")}
        else:
            made["given_name"] = of["given_name"]
        return made

    # ---- what goes wrong

    def typo(self, text: str) -> str:
        if len(text) < 4:
            return text
        at = self.r.randrange(1, len(text) - 1)
        return self.r.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
                text[:at] + self.r.choice(string.ascii_lowercase) + text[at + 1 :],
                text[:at] + text[at] + text[at:],
            )
        )

    def miswritten(self, text: str) -> str:
        r = self.r
        words = text.split()
        if r.random() < 0.2 and len(words) > 1:
            at = r.randrange(len(words) - 1)
            words[at], words[at + 1] = words[at + 1], words[at]
        if r.random() < 0.12 and len(words) > 2:
            del words[r.randrange(1, len(words))]
        text = " ".join(words)
        if r.random() < 0.3:
            for long, short in SHORT.items():
                text = text.replace(long, short)
        if r.random() < 0.3:
            for form in FORMS[:-1]:
                text = text.removesuffix(f" {form}")
            text = f"{text} {r.choice(FORMS)}".strip()
        if r.random() < 0.35:
            text = self.typo(text)
        if r.random() < 0.2:
            text = text.upper()
        return text

    def misnumbered(self, text: str) -> str:
        if len(text) > 5 and self.r.random() < 0.08:
            at = self.r.randrange(2, len(text) - 1)
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text

    def copy(self, values: Values, names: tuple[str, ...], missing: dict[str, float]) -> Values:
        made = {}
        for field, value in values.items():
            if self.r.random() < missing.get(field, 0.1):
                continue
            made[field] = self.miswritten(value) if field in names else self.misnumbered(value)
        if self.r.random() < 0.12:
            made |= self.address() if "street" in made else {}
        return made


_PERSONS = (_Maker.person, _Maker.relative, ("street",), {"national_id": 0.5, "email": 0.5, "phone": 0.4,
            "family_name": 0, "given_name": 0, "birth_date": 0.03, "department": 0.3, "hired_on": 0.3})  # fmt: skip
_Plan = tuple[Callable[[_Maker], Values], Callable[[_Maker, Values], Values], tuple[str, ...], dict[str, float]]
PLANS: dict[str, _Plan] = {
    "supplier": (
        _Maker.supplier,
        _Maker.sister,
        ("name", "street", "city"),
        {"name": 0, "tax_id": 0.35, "iban": 0.5, "email": 0.4, "phone": 0.4, "street": 0.15},
    ),
    "item": (
        _Maker.item,
        _Maker.size_of,
        ("title", "maker"),
        {"title": 0, "gtin": 0.5, "part_number": 0.25, "maker": 0.2},
    ),
    "patient_account": _PERSONS,
    "employee": _PERSONS,
}


def labelled(object_: str, count: int, *, seed: int = 7, shared: float = 0.5, hard: float = 0.15) -> Labelled:
    """Two lists of `count`; a share of the right one are copies, a share of the others hard to tell from"
    " the left."""
    make, near, names, missing = PLANS[object_]
    maker = _Maker(seed)
    left = [make(maker) for _ in range(count)]
    copies = int(count * shared)
    right: list[tuple[int | None, Values]] = [(n, maker.copy(left[n], names, missing)) for n in range(copies)]
    for n in range(copies, count):
        made = near(maker, left[n]) if maker.r.random() < hard / (1 - shared) else make(maker)
        right.append((None, maker.copy(made, names, missing)))
    maker.r.shuffle(right)
    found = Labelled([Record(system="A", identifier=f"A{n}", values=each) for n, each in enumerate(left)], [], {})
    for n, (of, each) in enumerate(right):
        found.right.append(Record(system="B", identifier=f"B{n}", values=each))
        if of is not None:
            found.truth[f"A{of}"] = f"B{n}"
    return found
