"""What a published item becomes."""

from __future__ import annotations

import json
from pathlib import Path

from hilum.testing.flows import translate

PROJECT = Path(__file__).parent.parent


def test_a_published_item_goes_out_and_a_removed_one_is_inactive() -> None:
    change = {"object": "items", "version": 1, "key": "GLV-M", "act": "set"}
    content = {"code": "GLV-M", "title": "Glove"}
    (made,) = translate(PROJECT, "group.items", json.dumps(change | {"content": content}).encode())
    assert (made.code, made.active) == ("GLV-M", True)
    (made,) = translate(PROJECT, "group.items", json.dumps(change | {"act": "remove"}).encode())
    assert made.active is False
