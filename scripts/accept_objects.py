"""Accept the business objects as they are now: `python scripts/accept_objects.py`, after their versions were raised.

Writes tests/samples/canonical/objects.json, with which tests/unit/docs/test_object_versions.py compares them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hilum import canonical

FILE = Path(__file__).parents[1] / "tests" / "samples" / "canonical" / "objects.json"


def now() -> dict[str, dict[str, Any]]:
    """Version and schema of each object, without what is only for people."""
    return {
        name: {"version": kind.version, "schema": _bare(canonical.schema(kind))}
        for name, kind in canonical.BY_NAME.items()
    }


def _bare(schema: Any) -> Any:
    if isinstance(schema, dict):
        words = {name for name in ("description", "$id", "$schema") if isinstance(schema.get(name), str)}
        return {name: _bare(value) for name, value in schema.items() if name not in words}
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


if __name__ == "__main__":
    FILE.write_text(json.dumps(now(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(now())} objects accepted")
