"""Flows that change nothing: objects come out as they went in, and papers of one order stay in order."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from packs_support import WholeFiles, things

from hilum.canonical import BusinessObject, GoodsReceipt, Item
from hilum.canonical.catalogue import example, write
from hilum.connectors import files
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.packs import passing
from support.projects import OWNERS

LOOKUP = Lookup()


@pytest.mark.parametrize(("kind", "key"), [(Item, "business_key"), (GoodsReceipt, "order")])
def test_what_is_posted_goes_on_as_it_is_and_papers_of_an_order_in_its_order(
    kind: type[BusinessObject], key: str, tmp_path: Path
) -> None:
    written = files.write(url=str(tmp_path))
    flow = passing.business_objects("test.posted", source=WholeFiles(), summary="x", owners=OWNERS, to=[written])
    thing = example(kind)
    assert things(flow, write(thing), LOOKUP) == [thing]
    assert flow.targets == [written]
    assert flow.order_by is not None
    assert flow.order_by(thing) == getattr(thing, key) != ""


def test_what_a_process_sent_goes_on_as_the_object_that_it_is_in_the_order_of_its_keys() -> None:
    flow = passing.commands("test.sent", "test.channel", summary="x", owners=OWNERS)
    thing = example(GoodsReceipt)
    flow.deliver_to(files.write(url="out"))
    body = orjson.dumps({"type": thing.name, "content": thing.model_dump(mode="json")})
    assert things(flow, body, LOOKUP) == [thing]
    assert flow.order_by is None, "the key that the process gave counts"


@pytest.mark.parametrize("command", [{}, {"type": "hilum.nothing", "content": {}}, {"type": "hilum.item"}])
def test_what_is_no_business_object_is_invalid(command: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        passing.object_of(command)
