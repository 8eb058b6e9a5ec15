"""The field :86: as banks write it: German subfields (?20 …), keys between slashes (/EREF/ …), free text; and :NS:.

Subfields: DFÜ agreement, annex 3 (Deutsche Kreditwirtschaft). Keys: format descriptions of Dutch banks, after SWIFT's
rules for structured information to the account owner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hilum.formats.banking import Detail, Party, Remittance

NOTHING = frozenset({"", "NONREF", "NOTPROVIDED", "EREF", "EREF+", "KREF+", "MREF+"})

_SUBFIELDS = re.compile(r"\s*(\d{3})([?<>~#])(?=\d\d)")
_SEPA = re.compile(r"((?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|IBAN|BIC)(?=\+)|MTLG(?=:)).")
# What has no place of its own is kept as text.
_KEPT = ("MTLG", "ABWA", "ABWE", "OAMT", "COAM", "PURP")
_KEYS = re.compile(
    r"/(EREF|PREF|MARF|CSID|CNTP|BENM|ORDP|NAME|ID|IBAN|BIC|REMI|USTD|STRD|PURP|ULTB|ULTD|ISDT|TRTP|RTRN|OCMT|CHGS|SVCL"
    r"|TRCD|ACCW|TYPE|CITY|EXCH|PT|PY)/"
)
_NS_FIELD = re.compile(r"\d\d")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What :86: says of an entry."""

    detail: Detail
    words: str
    code: str = ""  # business transaction code (GVC), three digits


def purpose_of(lines: list[str]) -> Purpose:
    """The content of a :86:. What follows none of the dialects is free text; nothing is refused."""
    text = "".join(lines)
    head = _SUBFIELDS.match(text)
    if head is not None:
        return _german(text[head.end() :], head[2], head[1])
    if text.lstrip().startswith("/") and _KEYS.search(text):
        return _slashed(text.strip())
    words = " ".join(line.strip() for line in lines if line.strip())
    return Purpose(Detail(remittance=Remittance(texts=(words,) if words else ())), words)


def _german(text: str, mark: str, code: str) -> Purpose:
    # The first subfield stands directly behind the mark that the head took.
    found: dict[str, list[str]] = {}
    for part in re.split(re.escape(mark) + r"(?=\d\d)", text):
        found.setdefault(part[:2], []).append(part[2:])
    told = {number: "".join(parts) for number, parts in found.items()}
    use = "".join(told.get(number, "") for number in (*map(str, range(20, 30)), *map(str, range(60, 64))))
    keys = _sepa(use)
    paid = (keys.get("", ""), keys.get("SVWZ", ""), *(f"{key}: {keys[key]}" for key in _KEPT if key in keys))
    texts = tuple(plain for part in paid if (plain := " ".join(part.split())))
    words = " ".join((*((head,) if (head := told.get("00", "").strip()) else ()), *texts))
    # 34 is the supplement to the text key; of returns (GVC 108, 109, 159, 184) it is the reason.
    back = told.get("34", "") if code in ("108", "109", "159", "184") else ""
    return Purpose(
        Detail(
            end_to_end_id=_told(keys, "EREF"),
            message_id=_told(keys, "KREF"),
            mandate_id=_told(keys, "MREF"),
            party=Party(
                name=" ".join((told.get("32", "") + told.get("33", "")).split()),
                account=(told.get("38") or told.get("31") or "").strip(),
                bank=told.get("30", "").strip(),
                identity=_told(keys, "CRED") or _told(keys, "DEBT"),
            ),
            remittance=Remittance(texts=texts),
            return_code=back.strip(),
        ),
        words,
        code,
    )


def _sepa(text: str) -> Mapping[str, str]:
    """Key → text of it, the first time that it is there; what stands before the first key has the empty one."""
    pieces = ["", *_SEPA.split(text)]
    return dict(reversed(list(zip(pieces[::2], pieces[1::2], strict=True))))


def _slashed(text: str) -> Purpose:
    pieces = _KEYS.split(text)
    told: dict[str, str] = {}
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        told[key] = told.get(key, "") or value.strip(" /")
    # Counterparty of other banks: account, BIC, name, city.
    account, bank, name, *_ = (*told.get("CNTP", "").split("/"), "", "", "")
    paid = told.get("USTD") or told.get("REMI") or told.get("PY") or ""
    words = " ".join(part for part in (told.get("TRTP", "") or told.get("PT", ""), paid) if part)
    return Purpose(
        Detail(
            end_to_end_id=_told(told, "EREF"),
            payment_id=_told(told, "PREF"),
            mandate_id=_told(told, "MARF"),
            party=Party(
                name=told.get("NAME") or name.strip(),
                account=told.get("IBAN") or account.strip(),
                bank=told.get("BIC") or bank.strip(),
                identity=told.get("CSID", ""),
            ),
            remittance=Remittance(
                texts=(" ".join(paid.split()),) if paid else (),
                references=(told["STRD"].rpartition("/")[2],) if told.get("STRD") else (),
            ),
            return_code=told.get("RTRN", "").partition("/")[0],
        ),
        " ".join(words.split()) or " ".join(text.split()),
    )


def _told(told: Mapping[str, str], key: str) -> str:
    found = told.get(key, "").strip()
    return "" if found in NOTHING else found


def from_ns(lines: list[str]) -> Purpose:
    """The content of a :NS: behind a :61:, the same in lines of two digits and text (older German banks)."""
    told = {line[:2]: line[2:].strip() for line in lines if _NS_FIELD.match(line)}
    texts = tuple(text for number in range(1, 15) if (text := told.get(f"{number:02d}", "")))
    words = " ".join((*((told["17"],) if told.get("17") else ()), *texts))
    party = Party(name=" ".join(part for part in (told.get("15", ""), told.get("16", "")) if part))
    return Purpose(Detail(party=party, remittance=Remittance(texts=texts)), words, told.get("20", ""))
