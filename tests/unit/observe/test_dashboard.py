"""The dashboard asks for series that there are, with labels that they have, and puts processes together rightly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hilum.observe import METRICS, Kind, Scope

DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "hilum.json"
SERIES = {
    name: metric
    for metric in METRICS
    for name in (
        [f"{metric.prometheus_name}_{end}" for end in ("bucket", "sum", "count")]
        if metric.kind is Kind.HISTOGRAM
        else [metric.prometheus_series]
    )
}


def _questions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


@pytest.mark.parametrize("question", list(_questions()))
def test_every_question_can_be_answered(question: str) -> None:
    asked = re.findall(r"\b((?:hilum|process)_[a-z_]+)(\{[^}]*\})?", question)
    assert asked
    known = {"instance", "le"}
    for name, condition in asked:
        metric = SERIES[name]
        known |= set(metric.labels)
        assert set(re.findall(r"(\w+)[=!]", condition)) <= set(metric.labels)
        if metric.scope is Scope.DATABASE:  # every process tells the same: a sum would be a multiple
            assert re.search(rf"(max|min)( by \([^)]*\))? ?\({name}", question), question
    for labels in re.findall(r"by \(([^)]*)\)", question):
        assert set(labels.split(", ")) <= known


def test_every_metric_has_a_name_that_prometheus_takes() -> None:
    for name in SERIES:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert len({metric.name for metric in METRICS}) == len(METRICS)
