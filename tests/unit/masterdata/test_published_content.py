"""A row of a file as content of master data; what is wrong is named as the file names it."""

from __future__ import annotations

import pytest

from hilum.errors import SettingsError
from hilum.masterdata.publishing.objects import content_of

pytestmark = [pytest.mark.req("MD-4")]

WIPE = {"code": "WIPE", "title": "Wipe", "packings.2.gtin": "4006381333931", "packings.4.gtin": "14006381333938"}


def test_numbered_columns_are_a_list_in_their_order() -> None:
    assert [each["gtin"] for each in content_of("items", WIPE)["packings"]] == ["04006381333931", "14006381333938"]


def test_a_wrong_number_is_named_by_its_column() -> None:
    with pytest.raises(SettingsError) as wrong:
        content_of("items", {**WIPE, "packings.4.gtin": "14006381333930", "packings.2.unit": "X" * 500})
    words = str(wrong.value)
    assert "packings.4.gtin: the check digit of the GTIN is wrong" in words
    assert "packings.2.unit: " in words
    assert "14006381333930" not in words
