"""What the edge forwards is what it received."""

from __future__ import annotations

from pathlib import Path

from hilum.testing.flows import load_flow

PROJECT = Path(__file__).parent.parent


def test_a_message_is_forwarded_as_it_is() -> None:
    flow = load_flow(PROJECT, "north.hl7")
    body = (PROJECT / "samples" / "admit.hl7").read_bytes()
    ((target,),) = [each.targets for each in flow.run(flow.read(body), None)]
    outgoing = target.encode(flow.read(body))
    assert outgoing is not None
    assert (outgoing.body, outgoing.content_type) == (body, "application/hl7-v2")
