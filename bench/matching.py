"""How well and how fast records are matched: precision and recall on labelled sets, time and memory of two big lists.

python -m bench.matching [suppliers in each list]
"""

from __future__ import annotations

import gc
import json
import sys
import time
from statistics import median
from typing import Any

import psutil

from bench.lookalikes import Labelled, labelled
from hilum.masterdata.matching import KINDS, Matcher, Verdict

BIG = 100_000
LABELLED = 4_000

TRAINING = (7, 11, 23)
"""Seeds of the sets on which bits and thresholds were set by hand. Nobody reports how well those do."""

HELD_OUT = (1009, 2003, 3001, 4001, 5003)
"""Seeds of the sets that are reported. Nothing is set on them: who looks at their pairs to set a bit takes new ones."""


def quality(found: Labelled, object_: str) -> dict[str, float]:
    """Precision of what the hub decides alone; share of the true pairs that it decides, and that it finds at all."""
    same = right = asked = asked_right = 0
    for pair in Matcher(KINDS[object_]).between(found.left, found.right):
        true = found.truth.get(pair.left.identifier) == pair.right.identifier
        if pair.verdict is Verdict.SAME:
            same, right = same + 1, right + true
        else:
            asked, asked_right = asked + 1, asked_right + true
    whole = len(found.truth)
    return {
        "precision": right / max(same, 1),
        "alone": right / whole,
        "recall": (right + asked_right) / whole,
        "asked": asked / len(found.left),
        "asked_precision": asked_right / max(asked, 1),
    }


def _percent(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "median": round(value * 100, 2), "unit": "%"}


_FIGURES = {
    "precision": "right among those decided alone (precision)",
    "alone": "true pairs decided alone",
    "recall": "true pairs decided or asked about (recall)",
    "asked": "questions for each record of the left",
}


def _accuracy() -> list[dict[str, Any]]:
    """The median over the held-out sets, with the lowest and the highest of them."""
    rows = []
    for object_ in KINDS:
        found = [quality(labelled(object_, LABELLED, seed=seed), object_) for seed in HELD_OUT]
        for key, words in _FIGURES.items():
            values = [each[key] for each in found]
            spread = {"lowest": round(min(values) * 100, 2), "highest": round(max(values) * 100, 2)}
            rows.append(_percent(f"matching {object_}, held out: {words}", median(values)) | spread)
    return rows


def _big(count: int) -> list[dict[str, Any]]:
    made = labelled("supplier", count, seed=5)
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    peak, right = before, 0
    for number, pair in enumerate(Matcher(KINDS["supplier"]).between(made.left, made.right)):
        right += made.truth.get(pair.left.identifier) == pair.right.identifier
        if number % 5_000 == 0:
            peak = max(peak, psutil.Process().memory_info().rss)
    took = time.perf_counter() - began
    name = f"matching {count:,} × {count:,} suppliers".replace(",", " ")
    return [
        {"name": name, "median": round(took, 1), "unit": "s"},
        {"name": f"{name}, memory", "median": round((peak - before) / 2**20), "unit": "MB"},
        _percent(f"{name}, recall", right / len(made.truth)),
    ]


def run(count: int = BIG) -> list[dict[str, Any]]:
    """Measure; one row for each figure."""
    return _accuracy() + _big(count)


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else BIG), ensure_ascii=False, indent=1))
