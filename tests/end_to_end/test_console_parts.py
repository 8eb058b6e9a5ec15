"""The parts that pages are made of, without a browser: escaping, masking, names, answers in words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.cases import Step
from hilum.console.acts import steps_in_words
from hilum.console.assets import FOLDER
from hilum.console.components.payload import MASK, masked, shown
from hilum.console.components.sparkline import sparkline
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import CaseGroup, FlowFigures, Snapshot
from hilum.console.hl7_names import OPEN_FIELDS, SEGMENTS, field_name, segment_name
from hilum.console.markup import Html, join, tag
from hilum.console.pages.message import outside_hours
from hilum.console.pages.overview import answer
from hilum.console.words import ACTS, DELIVERY_STATES, MESSAGE_STATES, duration, number, plural, size
from hilum.journal.breakers import BreakerRow, BreakerState
from hilum.journal.overview import Queue, WorkerRow
from hilum.message import DeliveryState, MessageState, new_id
from hilum.postgres import Database
from hilum.security import Role, User

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

HL7 = (
    b"MSH|^~\\&|OR|HILLSIDE|HUB|HILUM|20260302103000||DFT^P03|OR1|P|2.5.1\r"
    b"PID|1||MR10007^^^H^MR||Fennick^Odile||19610914|F|||7 Quarry Lane\r"
    b"ZZZ|private note\r"
    b"FT1|1|TX881||20260302||CG|GLV-M^Glove|||4\r"
)


@given(st.text())
def test_text_is_always_escaped(text: str) -> None:
    made = tag("p", text, title=text)
    assert made.count("<") == made.count(">") == 2
    assert made.count('"') == 2


def test_html_and_lists_are_put_in_and_nothing_is_left_out() -> None:
    assert tag("p", [tag("b", "a"), None, False, "", 0], hidden=True, class_="x", title=None) == (
        '<p hidden class="x"><b>a</b>0</p>'
    )
    assert join("a & b", Html("<br>")) == "a &amp; b<br>"
    assert tag("input", name="q", data_search=True) == '<input name="q" data-search>'


def test_every_state_has_one_word_and_no_two_states_have_the_same() -> None:
    assert set(MESSAGE_STATES) == {state.value for state in MessageState}
    assert set(DELIVERY_STATES) == {state.value for state in DeliveryState}
    for states in (MESSAGE_STATES, DELIVERY_STATES):
        assert len({state.word for state in states.values()}) == len(states)
    assert len(set(ACTS.values())) == len(ACTS)


@pytest.mark.req("SEC-2")
def test_a_masked_hl7_message_shows_what_it_is_and_nobody() -> None:
    made = masked(HL7)
    for private in ("Fennick", "MR10007", "19610914", "Quarry", "private note", "20260302<", "TX881"):
        assert private not in made, private
    for open_value in ("DFT^P03", "GLV-M^Glove", ">4<", "Date of birth", "PID-7"):
        assert open_value in made, open_value


def test_no_field_of_a_patient_is_open() -> None:
    assert not OPEN_FIELDS.keys() & {"PID", "NK1", "GT1", "IN1", "MRG", "DG1", "AL1", "NTE"}
    assert not OPEN_FIELDS["OBX"] & {5}


@pytest.mark.req("SEC-2")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine makes examples slowly
@given(
    st.recursive(
        st.text(min_size=4, alphabet="qxzvkj") | st.integers(min_value=10_000, max_value=2**63 - 1),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "lines"]), inner),
        max_leaves=8,
    )
)
def test_masked_json_keeps_the_shape_and_no_value(value: object) -> None:
    made = masked(orjson.dumps(value))
    for leaf in _leaves(value):
        assert str(leaf) not in made


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [value]


@pytest.mark.parametrize("body", [b"\x00\x01binary", b"plain words about Fennick", b"MSH", b"MSH|", b"{broken", b""])
@pytest.mark.req("SEC-2")
def test_what_cannot_be_parsed_is_masked_whole_and_can_be_shown(body: bytes) -> None:
    assert "Fennick" not in masked(body)
    assert "payload" in shown(body)


def test_a_payload_is_shown_by_segment_and_field_and_raw() -> None:
    made = shown(HL7)
    for told in ("Financial transaction", "FT1-10", "Quantity", "Fennick^Odile", "Raw, as it is stored", "ZZZ-1"):
        assert told in made
    assert "<table" not in shown(b'{"a": 1}')
    assert "removed when its retention ended" in shown(None)


def test_hl7_names_are_those_people_look_for() -> None:
    assert segment_name("PID") == "Patient"
    expected = {
        ("PID", 18): "Account number", ("FT1", 10): "Quantity", ("FT1", 29): "NDC", ("PV1", 19): "Visit number",
        ("PV1", 44): "Admitted", ("MSH", 10): "Control ID", ("IN1", 17): "Relationship", ("OBX", 11): "Status",
    }  # fmt: skip
    assert {place: field_name(*place) for place in expected} == expected
    assert (segment_name("ZZZ"), field_name("PID", 99), field_name("PID", 0)) == ("", "", "")
    assert all(name and len(fields) >= 3 for name, fields in SEGMENTS.values())


def test_numbers_have_units_and_thin_spaces() -> None:
    assert number(1_204_533) == "1\u2009204\u2009533"
    assert (size(812), size(4_100), size(2_300_000)) == ("812 B", "4.1 kB", "2.3 MB")
    assert (duration(30), duration(90), duration(7200), duration(172_800)) == ("30 s", "1.5 min", "2 h", "2 d")
    assert (plural(1, "case"), plural(2, "case"), plural(0, "delivery", "deliveries")) == (
        "1 case", "2 cases", "0 deliveries",
    )  # fmt: skip


def test_a_sparkline_says_in_words_what_it_shows() -> None:
    made = sparkline([0, 2, 4], "Messages received")
    assert 'aria-label="Messages received: 6 in 3 min, at most 4 in one minute"' in made
    assert made.count("<rect") == 3  # the base line, and a bar for each minute in which something came
    assert sparkline([0, 0], "x").count("<rect") == 1


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(theme: str) -> None:
    """WCAG 2.2, 1.4.3: text needs a contrast of 4.5 to what is behind it."""
    css = (FOLDER / "console.css").read_text(encoding="utf-8")
    blocks = {
        "light": re.search(r"^:root \{(.*?)^\}", css, re.DOTALL | re.MULTILINE),
        "dark": re.search(r'^:root\[data-theme="dark"\] \{(.*?)^\}', css, re.DOTALL | re.MULTILINE),
    }
    block = blocks[theme]
    assert block is not None
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))
    for ink in ("ink", "soft", "accent", "flowing", "waiting", "held", "done", "hurt"):
        for ground in ("canvas", "surface", "sunken"):
            assert _contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)
    for ink, ground in (
        ("accent-ink", "accent"),
        ("accent", "accent-wash"),
        ("ink", "accent-wash"),
        ("hurt", "hurt-wash"),
    ):
        assert _contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)


def test_a_table_without_rows_says_so_in_words() -> None:
    assert table(("A", "B>"), [], empty="Nothing here.", label="x") == '<div class="empty">Nothing here.</div>'
    made = table(("A", "B>"), [row("a", tag("td", 1, class_="num"))], empty="", label="Things")
    assert '<th class="num" scope="col">B</th>' in made
    assert "<td>a</td>" in made


def _snapshot(**changes: object) -> Snapshot:
    facts = {"at": NOW, "cases": [], "queues": [], "breakers": {}, "flows": {}, "refusals": [], "workers": []}
    return Snapshot(**{**facts, "resolved_today": 0, **changes})  # type: ignore[arg-type]


@pytest.mark.req("UX-2")
def test_the_overview_opens_with_the_answer() -> None:
    assert "Nothing is stuck." in answer(_snapshot())
    group = CaseGroup(owner="Supply chain", category="unmapped", kind="business", count=3, oldest=NOW)
    down = BreakerRow(
        destination="odoo.main", state=BreakerState.OPEN, until=NOW, opened=3, words="odoo.main: refused", since=NOW,
        actor="",
    )  # fmt: skip
    late = FlowFigures(name="supply", oldest=NOW - timedelta(minutes=4), promise_seconds=30)
    made = answer(_snapshot(cases=[group], breakers={"odoo.main": down}, flows={"supply": late}))
    assert "Nothing is stuck" not in made
    for told in ("3 cases</a> wait for a person", "odoo.main</strong> is down", "is late", "the promise is 30 s"):
        assert told in made, told
    assert "odoo.main: refused" not in made  # its name stands there already


def test_work_without_a_worker_is_said() -> None:
    queue = Queue(place="translate", pending=5, waiting=0, oldest=NOW)
    live = WorkerRow(id=new_id(), name="w", roles="worker", started_at=NOW, seen_at=NOW, lanes=8)
    silent = replace(live, seen_at=NOW - timedelta(minutes=1))
    assert "No worker runs" in answer(_snapshot(queues=[queue], workers=[silent]))
    assert "No worker runs" not in answer(_snapshot(queues=[queue], workers=[live]))


def test_a_dry_run_of_many_is_told_by_what_would_happen() -> None:
    steps = [Step(message_id=new_id(), flow="f", action="translate", words="Again.") for _ in range(3)]
    steps.append(Step(message_id=new_id(), flow="f", action="nothing", words="It is under way already."))
    assert steps_in_words(steps) == ["3 messages: Again.", "1 message: It is under way already."]
    assert steps_in_words(steps[:1]) == ["Again."]


@pytest.mark.req("SEC-2")
def test_identifiers_of_protected_flows_are_shown_to_those_who_may_see_payloads() -> None:
    context = Context(database=Database("postgresql:///none"), hub="x")

    def user(role: Role) -> User:
        return User(name="u", role=role, disabled=False, created_at=NOW, created_by="t", last_login_at=None)

    assert context.identifier("unknown.flow", "AC20031", user(Role.OPERATOR)) == "AC20031"
    assert context.identifier("unknown.flow", "AC20031", user(Role.VIEWER)) == f"{MASK}031"
    assert context.identifier("unknown.flow", "AC2003", user(Role.VIEWER)) == MASK


@pytest.mark.req("MSG-12")
def test_a_message_says_until_when_it_waits_for_the_hours_of_its_destination() -> None:
    trace: Any = SimpleNamespace(
        deliveries=[
            SimpleNamespace(destination="files.bank", state="pending"),
            SimpleNamespace(destination="files.done", state="delivered"),
        ]
    )
    snapshot = _snapshot(closed={"files.bank": "until Monday 06:00 (UTC)", "files.done": "until noon"})
    said = outside_hours(trace, snapshot)
    assert "files.bank" in said
    assert "is outside its hours: waits until Monday 06:00 (UTC)" in said
    assert "files.done" not in said
