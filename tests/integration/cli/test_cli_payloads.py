"""`hilum keys` and `hilum retention`: what they say and do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_calls import ABSENT, FLOW, Cli, held_id

from hilum.encryption import MasterKey, read_key
from support.projects import MASTER_KEY


@pytest.mark.req("SEC-1")
@pytest.mark.req("SEC-3")
def test_keys_are_listed_and_rotated_and_never_shown(worked: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    old = MasterKey(read_key(MASTER_KEY, "")).id
    found = cli("keys", "list", "--json").json
    assert found["current"] == old
    assert [(master["id"], master["known"]) for master in found["master_keys"]] == [(old, "current")]
    today = datetime.now(UTC).date().isoformat()
    assert (FLOW, today) in {(key["flow"], key["period"]) for key in found["data_keys"]}
    assert "wrapped" not in cli("keys", "list", "--json").out
    assert MASTER_KEY not in cli("keys", "list").out
    assert "rotated" not in cli("keys", "rotate").out

    new = cli("keys", "new").out.strip()
    assert len(new) == 44
    assert cli("keys", "new", "--json").json["key"] != new
    monkeypatch.setenv("HILUM_MASTER_KEY", new)
    assert old in cli("doctor").out
    assert "previous_keys" in cli("keys", "rotate").complaint
    settings = worked / "hilum.toml"
    settings.write_text(settings.read_text() + f'previous_keys = ["{MASTER_KEY}"]\n')
    assert cli("keys", "rotate", "--json").json == {
        "rotated": len(found["data_keys"]),
        "master_key": MasterKey(read_key(new, "")).id,
    }
    settings.write_text(settings.read_text().replace(MASTER_KEY, new))
    assert cli("trace", held_id(cli)).code == 0
    assert [m["known"] for m in cli("keys", "list", "--json").json["master_keys"]] == ["current"]


@pytest.mark.req("MSG-15")
def test_retention_shows_holds_and_releases(worked: Path, cli: Cli) -> None:
    assert cli("retention").code == 0
    assert cli("retention", "--json").json["flows"] == []
    assert "No payload is due." in cli("retention", "run", "--dry-run").out
    assert cli("retention", "run", "--json").json["erased"] is False
    message_id = held_id(cli)
    assert "--reason" in cli("retention", "hold", message_id).complaint
    assert "Say which" in cli("retention", "hold", "--reason", "a claim").complaint
    assert "no such message" in cli("retention", "hold", ABSENT, "--reason", "a claim").complaint
    assert cli("retention", "hold", message_id, "--reason", "a claim").out.strip() == f"{message_id} is on hold."
    assert cli("retention", "hold", "--flow", FLOW, "--reason", "an audit", "--json").json["state"] == "on hold"
    rows = cli("retention", "holds", "--json").json
    assert [(row["message_id"], row["reason"]) for row in rows] == [(None, "an audit"), (message_id, "a claim")]
    words = cli("trace", message_id).out
    assert "on legal hold" in words
    assert "hold_payload a claim" in words
    cli("retention", "release", message_id, "--reason", "settled")
    assert "not on hold" in cli("retention", "release", message_id, "--reason", "settled").complaint
    assert len(cli("retention", "holds", "--json").json) == 1
    assert len(cli("retention", "holds", "--all", "--json").json) == 2


@pytest.mark.req("SEC-1")
def test_the_doctor_says_where_the_master_key_is_and_what_is_wrong_with_it(
    worked: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {check["what"]: check for check in json_of(cli("doctor", "--json").out)}
    assert found["encryption"]["ok"]
    assert FLOW in found["encryption"]["words"]
    assert found["retention"]["ok"]
    settings = worked / "hilum.toml"
    settings.write_text(re.sub(r"\nkey = .*", "", settings.read_text()))
    found = {check["what"]: check for check in json_of(cli("doctor", "--json").out)}
    assert not found["encryption"]["ok"]
    assert MASTER_KEY not in str(found)


def json_of(text: str) -> list[dict[str, object]]:
    import json

    made: list[dict[str, object]] = json.loads(text)
    return made
