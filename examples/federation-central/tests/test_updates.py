"""What arrives becomes its document."""

from __future__ import annotations

from pathlib import Path

from hilum.testing.flows import translate_file

PROJECT = Path(__file__).parent.parent


def test_an_admission_becomes_its_document() -> None:
    assert translate_file(PROJECT, "group.hl7", "admit.hl7") == [
        {"messageType": "ADT^A01", "controlId": "REG000001", "patientId": "MR10007"}
    ]
