"""Units, currencies and device labels against what their standards print: factors, minor units, example labels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from hilum.canonical import currencies, identifiers, units
from hilum.canonical.ucum import meaning
from hilum.canonical.udi import elements, udi
from hilum.canonical.units import REC20, Pack, convert
from hilum.errors import Invalid

pytestmark = pytest.mark.req("MOD-5")

# UN/ECE Recommendation 20, revision 17: code, conversion factor as it is printed there (rounded), unit of the factor.
PRINTED = [
    ("LBR", "0.45359237", "kg"), ("ONZ", "2.834952e-2", "kg"), ("GRN", "64.79891e-6", "kg"),
    ("GLL", "3.785412e-3", "m3"), ("QTL", "9.463529e-4", "m3"), ("PTL", "4.731765e-4", "m3"),
    ("OZA", "2.957353e-5", "m3"), ("GLI", "4.546092e-3", "m3"), ("PTI", "5.68261e-4", "m3"),
    ("OZI", "2.841306e-5", "m3"), ("INH", "25.4e-3", "m"), ("FOT", "0.3048", "m"), ("YRD", "0.9144", "m"),
    ("SMI", "1609.344", "m"), ("INK", "6.4516e-4", "m2"), ("FTK", "9.290304e-2", "m2"), ("INQ", "16.387064e-6", "m3"),
    ("FTQ", "2.831685e-2", "m3"), ("MIN", "60", "s"), ("HUR", "3600", "s"), ("DAY", "86400", "s"),
    ("WEE", "6.048e5", "s"), ("MON", "2.629800e6", "s"), ("ANN", "3.15576e7", "s"), ("P1", "1e-2", "1"),
    ("59", "1e-6", "1"), ("KWH", "3.6e6", "J"), ("CUR", "3.7e10", "Bq"), ("STN", "0.9071847e3", "kg"),
    ("LTN", "1.016047e3", "kg"), ("STI", "6.350293", "kg"), ("CWA", "45.3592", "kg"), ("CWI", "50.80235", "kg"),
    ("QTI", "1.1365225e-3", "m3"), ("PTD", "5.506105e-4", "m3"), ("QTD", "1.101221e-3", "m3"),
    ("GLD", "4.404884e-3", "m3"), ("BLL", "158.9873e-3", "m3"), ("G21", "2.365882e-4", "m3"),
    ("G24", "1.478676e-5", "m3"), ("G25", "4.928922e-6", "m3"), ("YDQ", "0.764555", "m3"),
    ("YDK", "8.361274e-1", "m2"), ("ACR", "4046.873", "m2"), ("NMI", "1852", "m"), ("77", "25.4e-6", "m"),
    ("H79", "0.333333333e-3", "m"), ("L2", "1.66667e-5", "m3/s"), ("E32", "2.77778e-7", "m3/s"),
    ("LD", "1.15741e-8", "m3/s"), ("41", "1.66667e-8", "m3/s"), ("G55", "2.77778e-10", "m3/s"),
    ("G54", "1.15741e-11", "m3/s"), ("F27", "2.77778e-7", "kg/s"), ("F26", "1.15741e-8", "kg/s"),
    ("4M", "2.77778e-10", "kg/s"), ("F33", "1.66667e-8", "kg/s"), ("F32", "1.15741e-11", "kg/s"),
    ("MCU", "3.7e7", "Bq"), ("M5", "3.7e4", "Bq"), ("ATM", "101325", "Pa"), ("PS", "6.894757e3", "Pa"),
    ("E14", "4.1868e3", "J"), ("K51", "4.19002e3", "J"), ("WHR", "3.6e3", "J"), ("MWH", "3.6e9", "J"),
    ("DD", "1.745329e-2", "rad"), ("D61", "2.908882e-4", "rad"), ("D62", "4.848137e-6", "rad"),
    ("KMH", "0.277778", "m/s"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "factor", "unit"), PRINTED, ids=[row[0] for row in PRINTED])
def test_recommendation_20_prints_the_same_factor(code: str, factor: str, unit: str) -> None:
    ours, theirs = units.meaning(code), meaning(unit)
    assert ours.dimension == theirs.dimension
    digits = len(factor.partition("e")[0].replace(".", "").strip("0"))
    ratio = ours.factor / (theirs.factor * Fraction(factor))
    assert abs(ratio - 1) <= Fraction(1, 10 ** min(digits - 1, 6)) or ratio == 1


def test_every_code_of_recommendation_20_is_one_of_ucum() -> None:
    for code, (ucum, title) in REC20.items():
        assert units.meaning(code) == meaning(ucum)
        assert title


# UCUM 2.2: each unit by the one in which the table of the standard defines it.
DEFINED = [
    ("[psi]", "6894.757293168361336722673445346890693781387562775", "Pa"), ("atm", "101325", "Pa"),
    ("[lbf_av]", "4.4482216152605", "N"), ("[oz_tr]", "31.1034768", "g"), ("[dr_ap]", "3.8879346", "g"),
    ("[ston_av]", "907.18474", "kg"), ("[lton_av]", "1016.0469088", "kg"), ("[car_m]", "200", "mg"),
    ("cal_th", "4.184", "J"), ("cal_IT", "4.1868", "J"), ("eV", "1.602176634e-19", "J"), ("R", "2.58e-4", "C/kg"),
    ("RAD", "0.01", "Gy"), ("REM", "0.01", "Sv"), ("G", "1e-4", "T"), ("P", "0.1", "Pa.s"), ("St", "1e-4", "m2/s"),
    ("[nmi_i]", "1852", "m"), ("[acr_us]", "4046.872609874252", "m2"), ("[bbl_us]", "158.987294928", "L"),
    ("[tsp_m]", "5", "mL"), ("[tbs_m]", "15", "mL"), ("[cup_m]", "240", "mL"), ("[foz_m]", "30", "mL"),
    ("[qt_br]", "1.1365225", "L"), ("[gil_us]", "4", "[foz_us]"), ("[MET]", "3.5", "mL/(kg.min)"),
    ("[wood'U]", "7999.32", "kPa.s/m3"), ("[in_i'Hg]", "3386.3788", "Pa"), ("[in_i'H2O]", "249.08891", "Pa"),
    ("mo_j", "30.4375", "d"), ("mo_s", "29.53059", "d"), ("a_g", "365.2425", "d"), ("[kn_i]", "1.852", "km/h"),
    ("lx", "1", "lm.m-2"), ("[degR]", "0.5555555555555555555555555556", "K"), ("By", "8", "bit"), ("g%", "10", "g/L"),
    ("[pptr]", "1e-12", "1"), ("[HP]", "745.69987158227022", "W"), ("[Btu_th]", "1054.35", "J"), ("deg", "60", "'"),
    ("'", "60", "''"), ("circ", "360", "deg"), ("[Ch]", "0.3333333333333333333333333333", "mm"), ("[diop]", "1", "/m"),
    ("[in_i]", "2.54", "cm"), ("[lb_av]", "453.59237", "g"), ("mm[Hg]", "133.322", "Pa"), ("cm[H2O]", "98.0665", "Pa"),
    ("U", "16.66666666666666666666666667", "nkat"), ("Ci", "37", "GBq"), ("[drp]", "0.05", "mL"), ("dyn", "1e-5", "N"),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "factor", "other"), DEFINED, ids=[row[0] for row in DEFINED])
def test_ucum_defines_the_same_factor(unit: str, factor: str, other: str) -> None:
    ours, theirs = meaning(unit), meaning(other)
    assert ours.dimension == theirs.dimension
    assert abs(ours.factor / theirs.factor / Fraction(factor) - 1) < Fraction(1, 10**15)


@pytest.mark.parametrize("unit", ["[EU]", "[BAU]", "[anti'Xa'U]", "[TCID_50]", "[PNU]", "[FEU]", "[NTU]"])
def test_arbitrary_units_become_nothing_else(unit: str) -> None:
    assert convert(Decimal(5), unit, unit).quantity == 5
    for other in ("[iU]", "1", "mg"):
        with pytest.raises(Invalid, match="different things"):
            convert(Decimal(1), unit, other)


@pytest.mark.parametrize("code", ["[pH]2", "B[SPL]", "Np", "[hp'_X]", "mins", "KG", "kg kg", "'a"])
def test_what_has_no_ratio_or_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        convert(Decimal(1), code, "g")


def test_packages_as_electronic_invoices_write_them() -> None:
    box = Pack(unit="BX", holds=Decimal(50), of="EA")
    assert convert(Decimal(3), "XBX", "H87", packs=[box]).quantity == 150
    assert convert(Decimal(100), "C62", "XBX", packs=[box]).quantity == 2
    assert units.title("XBX") == "box"
    with pytest.raises(Invalid, match="in none of"):
        convert(Decimal(1), "XQQ", "EA")


# ISO 4217: minor units that people get wrong, one that came and some that went lately.
MINOR = {
    "EUR": 2, "JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "UGX": 0, "VND": 0, "HUF": 2, "COP": 2, "IDR": 2, "MGA": 2,
    "MRU": 2,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4, "UYI": 0, "XAD": 2,
    "XCG": 2,
    "ZWG": 2, "VED": 2, "BGN": 2, "HRK": 2, "ANG": 2, "SLL": 2,
}  # fmt: skip


def test_minor_units_of_iso_4217() -> None:
    assert {code: currencies.minor_units(code) for code in MINOR} == MINOR
    for none in ("XXX", "XTS", "XAU", "XDR", "DEM", "eur", ""):
        with pytest.raises(Invalid, match="not a currency"):
            currencies.minor_units(none)


@pytest.mark.parametrize(
    "number", ["9506000134352", "4012345000054", "614141007349", "40123455", "00012345600012", "10614141000415"]
)
def test_numbers_of_gs1_examples(number: str) -> None:
    assert identifiers.gtin(number) == number.rjust(14, "0")
    assert identifiers.check_digit(number[:-1]) == number[-1]


def test_labels_as_their_issuers_print_them() -> None:
    gs1 = udi("(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234", year=2026)
    assert (gs1.device, gs1.lot, gs1.serial) == ("51022222233336", "A213B1", "1234")
    assert (gs1.made_on, gs1.expires_on) == (date(2014, 12, 31), date(2015, 7, 7))
    assert udi("+A123BJC5D6E71G").device == "A123BJC5D6E71"
    tissue = udi("=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", year=2026)
    assert (tissue.device, tissue.donation) == ("A9999XYZ100T0944", "A99971312345600")
    assert (tissue.expires_on, tissue.made_on) == (date(2014, 2, 1), date(2013, 2, 1))
    assert udi("=/A9999XYZ100T0944=}998032", year=2026).made_on == date(1998, 2, 1), "of the last century"


def test_all_that_a_gs1_label_may_carry_beside_the_device() -> None:
    label = "0109506000134352" + "7003" + "2612311430" + "\x1d" + "7020" + "REF1" + "\x1d" + "3922" + "1250" + "\x1d"
    label += "8017" + "401234500000000003" + "\x1d" + "7230" + "EM99" + "\x1d" + "21" + "S1"
    found = elements(label)
    assert found == {
        "01": "09506000134352", "7003": "2612311430", "7020": "REF1", "3922": "1250", "8017": "401234500000000003",
        "7230": "EM99", "21": "S1",
    }  # fmt: skip
    assert udi(label).expires_on == date(2026, 12, 31)
    with pytest.raises(Invalid):
        elements("3180123456")  # no such application identifier
