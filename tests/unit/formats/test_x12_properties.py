"""What holds for any values, any delimiters and any bytes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.errors import Invalid
from hilum.formats import x12

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "samples" / "x12").glob("*.edi"))]
AT = datetime(2026, 3, 4, 10, 11)
MARKS = "*>^~|:!'@\x1d\x1e\x1f"

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


@st.composite
def partners(draw: st.DrawFn) -> x12.Partner:
    element, component, repetition, segment = draw(
        st.lists(st.sampled_from(MARKS), min_size=4, max_size=4, unique=True)
    )
    return x12.Partner(
        name="any",
        ours=x12.Party(id=draw(st.text("ABC019", min_size=1, max_size=15))),
        theirs=x12.Party(id="THEM"),
        element=element,
        component=component,
        repetition=draw(st.sampled_from(["", repetition])),
        segment=segment,
        line_end=draw(st.sampled_from(["", "\n", "\r\n"])),
    )


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=MARKS + "\x85\u2028"), max_size=8)
rows = st.tuples(st.sampled_from(["BEG", "N1", "PO1", "REF", "ZZ9"]), texts, texts, texts)
drafts = st.lists(
    st.builds(x12.Draft, st.sampled_from(["850", "810", "997"]), st.lists(rows, max_size=5)), min_size=1, max_size=5
)


@given(partners(), drafts)
@settings(max_examples=60)
def test_what_was_put_in_is_read(partner: x12.Partner, made: list[x12.Draft]) -> None:
    data = x12.build(partner, made, numbers=x12.Numbers(1, 1), at=AT).encode()
    again = x12.parse(data)
    assert again.encode() == data
    assert not again.problems()
    assert not again.warnings
    assert [each.code for each in again.sets] == [draft.code for draft in made]
    for each, draft in zip(again.sets, made, strict=True):
        assert not x12.envelope_problems(each)
        for segment, (name, *values) in zip(list(each)[1:-1], draft.rows, strict=True):
            assert segment.name == name
            for number, value in enumerate(values, 1):
                assert segment[str(number)] == str(value).rstrip(" ")


@given(partners(), texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
@settings(max_examples=60)
def test_any_free_text_can_be_sent(partner: x12.Partner, plain: str, free: str) -> None:
    draft = x12.Draft("850", [("MSG", x12.Free(free), plain)])
    again = x12.parse(x12.build(partner, [draft], numbers=x12.Numbers(1, 1), at=AT).encode()).sets[0]
    assert again["MSG-02"] == plain.rstrip(" ")
    assert len(again) == 3


@given(st.sampled_from(SAMPLES), st.lists(st.integers(1, 400), max_size=30))
@settings(max_examples=60)
def test_chunks_do_not_matter(data: bytes, cuts: list[int]) -> None:
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    pieces.append(data[at:])
    whole = [(each.code, each.raw) for each in x12.transaction_sets(data)]
    assert [(each.code, each.raw) for each in x12.transaction_sets(pieces)] == whole


def read_everything(data: bytes) -> None:
    """All that can be done with bytes either works or is `Invalid` with its place; nothing is lost on the way."""
    try:
        found = list(x12.interchanges(data))
    except Invalid as error:
        assert error.where
        return
    streamed = [each.raw for each in x12.transaction_sets(data) if each.envelope.raw_gs]
    assert streamed == [each.raw for interchange in found for each in interchange.sets]
    if found:
        assert b"".join(each.encode() for each in found) == data
    else:
        assert not data.strip(b" \t\r\n\x00\x1a\x0b\x0c\xef\xbb\xbf")
    for interchange in found:
        x12.judge_interchange(interchange)
        for group in interchange.groups:
            draft = x12.acknowledge(x12.judge(group))
            answer = x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=AT).encode()
            x12.read_acknowledgement(x12.read(answer))
            for each in filter(lambda one: one.complete, group.sets):
                assert [segment.line for segment in x12.read(each.encode())][: len(each)] == [
                    segment.line for segment in each
                ]


PARTNER = x12.Partner(name="any", ours=x12.Party(id="US"), theirs=x12.Party(id="THEM"))
SYMBOLS = [
    b"~",
    b"*",
    b">",
    b"\n",
    b"\r\n",
    b"ISA*",
    b"~IEA*1*1~",
    b"~ST*850*1~",
    b"~BIN*5*",
    b"~GS*",
    b"\x00",
    b"\xff",
    b"",
]
ISA = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260304*1011*^*00501*000000001*0*P*>~"
any_bytes = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda rest: ISA + rest),
    st.text(st.sampled_from("ISAGSTE*~>^0 1\n"), max_size=80).map(
        lambda text: ISA + b"GS*PO*A*B*20260304*1011*1*X*005010~" + text.encode()
    ),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with a few bytes changed, taken out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        data[start:stop] = draw(
            st.one_of(st.binary(max_size=6), st.just(bytes(data[start:stop]) * 2), st.sampled_from(SYMBOLS))
        )
    return bytes(data)


@given(st.one_of(any_bytes, mutated()))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_bytes_are_read_or_invalid(data: bytes) -> None:
    read_everything(data)


@pytest.mark.long
@given(st.one_of(any_bytes, mutated()))
@settings(max_examples=30_000, suppress_health_check=list(HealthCheck), deadline=None)
def test_many_bytes_are_read_or_invalid(data: bytes) -> None:
    read_everything(data)
