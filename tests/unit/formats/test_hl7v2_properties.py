"""What holds for any text, any message and any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "samples" / "hl7v2").glob("*.[hx]*l*"))]

# Any text that UTF-8 can hold; delimiters, quotes, line ends and escape characters come often.
texts = st.text(st.one_of(st.sampled_from('|^~\\&#"\r\n\x0b\x1cTFS.brX0'), st.characters(exclude_categories=["Cs"])))
delimiters = st.lists(st.sampled_from("|^~\\&#$%*!@;:+-_<>/?"), min_size=6, max_size=6, unique=True).map(
    lambda characters: hl7.Delimiters(*characters)
)
paths = st.builds(
    lambda field, repetition, component, sub: f"{field}[{repetition}].{component}.{sub}",
    *[st.integers(1, top) for top in (6, 3, 4, 3)],
)
values = st.dictionaries(paths, texts, max_size=8)


def message_of(segments: list[dict[str, str]], own: hl7.Delimiters) -> hl7.Message:
    message = hl7.build("ADT^A04", delimiters=own)
    for segment in segments:
        message.append("ZZ1", segment)
    return message


@given(texts, delimiters)
def test_any_text_comes_back_from_escape(text: str, own: hl7.Delimiters) -> None:
    escaped = hl7.escape(text, own)
    assert hl7.unescape(escaped, own) == text
    assert not {*own[:3], own.subcomponent, "\r", "\n"} & set(escaped)
    assert escaped != '""'


@pytest.mark.req("MOD-3")
@given(st.lists(values, max_size=4), delimiters)
def test_what_was_put_in_is_read(segments: list[dict[str, str]], own: hl7.Delimiters) -> None:
    message = message_of(segments, own)
    again = hl7.parse(message.encode())
    assert again.warnings == ()
    assert again.to_er7() == message.encode()
    for number, segment in enumerate(segments, 1):
        for path, text in segment.items():
            assert again[f"ZZ1[{number}]-{path}"] == message[f"ZZ1[{number}]-{path}"] == text
            assert again.segment("ZZ1", number)[path] == text


@given(st.lists(st.lists(values, max_size=2), max_size=4), delimiters, st.booleans())
def test_split_undoes_join(messages: list[list[dict[str, str]]], own: hl7.Delimiters, enveloped: bool) -> None:
    encoded = [message_of(segments, own).encode() for segments in messages]
    joined = b"".join(encoded)
    if enveloped:
        joined = b"FHS|^~\\&\rBHS|^~\\&\r" + joined + b"BTS|%d\rFTS|1\r" % len(encoded)
    assert list(hl7.split(joined)) == encoded


@given(st.lists(values, min_size=1, max_size=3), paths, texts, delimiters)
def test_an_edit_changes_one_part_only(
    segments: list[dict[str, str]], path: str, text: str, own: hl7.Delimiters
) -> None:
    message = hl7.parse(message_of(segments, own).encode())
    before = [segment.line for segment in message]
    message[f"ZZ1-{path}"] = text
    again = hl7.parse(message.encode())
    assert again[f"ZZ1-{path}"] == text
    assert [segment.line for segment in again][2:] == before[2:]
    assert all(again[f"ZZ1-{other}"] == value for other, value in segments[0].items() if other != path)


def read_everything(data: bytes) -> None:
    """All that can be done with bytes either works or is `Invalid`; nothing is lost on the way."""
    try:
        message = hl7.parse(data)
    except Invalid as error:
        assert error.where
    else:
        assert message.encode() == data
        for segment in message:
            for field in range(1, len(segment.fields)):
                assert segment[f"{field}.1"] is not None
                assert segment.repetitions(str(field)) is not None
        again = hl7.parse(message.to_er7())
        assert [segment.name for segment in again] == [segment.name for segment in message]
        assert again.to_er7() == message.to_er7()
    try:
        pieces = list(hl7.split(data))
    except Invalid as error:
        assert error.where
    else:
        assert sum(map(len, pieces)) <= len(data) + 2 * len(pieces)
    answer = hl7.acknowledge_unreadable(data, "AE", "no")
    assert hl7.read_acknowledgement(answer).code == "AE"


any_bytes = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(lambda rest: b"MSH|^~\\&|" + rest),
    st.text(st.sampled_from("MSHPID|^~\\&\r\n\x0b\x1c<>/.1 \ufeffÄ"), max_size=60).map(str.encode),
    st.text(st.sampled_from("MSHPID|^~\\&\r\n<>"), max_size=40).map(lambda text: ("MSH|^~" + text).encode("utf-16")),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with a few bytes changed, taken out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.binary(max_size=6), st.just(bytes(data[start:stop]) * 2), st.sampled_from(SYMBOLS)))
        data[start:stop] = piece
    return bytes(data)


SYMBOLS = [
    b"\r",
    b"\n",
    b"|",
    b"^",
    b"\\",
    b"&",
    b"MSH|^~\\&|",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1b$B",
    b"</PID>",
    b"",
]


@pytest.mark.req("MOD-3")
@given(st.one_of(any_bytes, mutated()))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_bytes_are_read_or_invalid(data: bytes) -> None:
    read_everything(data)


@pytest.mark.long
@given(st.one_of(any_bytes, mutated()))
@settings(max_examples=30_000, suppress_health_check=list(HealthCheck), deadline=None)
def test_many_bytes_are_read_or_invalid(data: bytes) -> None:
    read_everything(data)
