"""Every error becomes a case that says what is wrong, what to do and who can do it, and never quotes a payload."""

from __future__ import annotations

import pytest

from hilum import errors
from hilum.cases import classify, reused
from hilum.errors import (
    Down,
    Failure,
    Invalid,
    NotOwner,
    Refused,
    Rejected,
    SettingsError,
    Stop,
    TryAgain,
    Unmapped,
    Unsure,
)
from support.projects import make_flow


@pytest.mark.req("MSG-6")
@pytest.mark.parametrize(
    ("error", "category", "owner"),
    [
        (Unmapped("items", "X9"), "unmapped", "Supply chain"),
        (Invalid("no quantity", where="FT1-10"), "invalid", "Supply chain"),
        (NotOwner("The laboratory does not own prices."), "not_owner", "Supply chain"),
        (Refused("Not after hours."), "refused", "Supply chain"),
        (Rejected("odoo.validation", "The period is closed."), "odoo.validation", "Supply chain"),
        (Rejected("odoo.access", "No right to write."), "odoo.access", "Integration"),
        (TryAgain("busy"), "retries_exhausted", "Integration"),
        (Unsure("no answer"), "unsure", "Integration"),
        (Down("maintenance"), "retries_exhausted", "Integration"),
        (SettingsError("The flow has no translation."), "settings", "Integration"),
    ],
)
def test_the_hubs_own_errors_keep_their_words(error: Exception, category: str, owner: str) -> None:
    finding = classify(error, destination="odoo.main")
    assert (finding.category, finding.owner(make_flow(None))) == (category, owner)
    assert finding.words == str(error)
    assert finding.title
    assert finding.next_step.endswith(".")
    assert finding.owner(None) == "Integration"


@pytest.mark.req("MSG-6")
def test_a_foreign_error_is_a_defect_and_its_text_is_not_shown() -> None:
    try:
        int("patient Example")
    except ValueError as error:
        finding = classify(error)
    assert (finding.category, finding.kind) == ("defect", "technical")
    assert "Example" not in repr(finding)
    assert "test_case_words.py" in finding.detail
    assert finding.words.startswith("ValueError at test_case_words.py:")


def test_every_kind_of_failure_and_stop_has_words_of_its_own() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Failure | Stop)]
    for kind in kinds:
        if kind in (Failure, Stop):
            continue
        made = kind("a", "b") if kind in (Rejected, Unmapped) else kind("a")
        assert classify(made).category != "defect", kind


def test_a_reused_identifier_names_the_first_message() -> None:
    assert "4711" in reused("4711").words
