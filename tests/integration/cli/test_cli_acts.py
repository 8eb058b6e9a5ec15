"""The commands for many messages at once, second persons, switches and retries; each with its JSON answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import ABSENT, FLOW, Cli, held_id

WHY = ("--reason", "the row is there")


@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
def test_a_group_is_looked_at_resolved_and_its_job_shown(worked: Path, cli: Cli) -> None:
    (group,) = cli("exceptions", "groups", "--json").json
    assert (group["count"], group["category"], group["flow"]) == (1, "unmapped", FLOW)
    assert group["key"] in cli("exceptions", "groups").out
    dry = cli("exceptions", "resolve", group["key"], "--replay", "--dry-run", "--json").json
    assert (dry["total"], dry["replayed"], dry["job"]) == (1, 0, None)
    assert cli("replays", "list", "--all", "--json").json == []
    done = cli("exceptions", "resolve", group["key"], "--replay", *WHY, "--json").json
    assert (done["job"]["state"], done["job"]["done"]) == ("done", 1)
    (job,) = cli("replays", "list", "--all", "--json").json
    shown = cli("replays", "show", job["id"], "--json").json
    assert [each["state"] for each in shown["progress"]] == ["done"]
    assert f"Unknown code in {FLOW}" in job["selection"]
    assert "done" in cli("replays", "show", job["id"]).out
    assert "is done" in cli("replays", "cancel", job["id"], *WHY).complaint


def test_a_case_gets_a_note_and_another_owner(worked: Path, cli: Cli) -> None:
    (case,) = cli("exceptions", "list", "--json").json
    cli("exceptions", "note", case["id"], "The stores know of it.")
    assert cli("exceptions", "hand-over", case["id"], *WHY, "--json").json["owner"] == "Integration"
    assert "The stores know of it." in cli("exceptions", "show", case["id"]).out


@pytest.mark.req("MSG-7")
def test_what_is_done_is_sent_again_to_one_place_and_the_dry_run_says_what_it_does(worked: Path, cli: Cli) -> None:
    (place,) = cli("status", "--json").json["destinations"]
    asked = ("replay", "--flow", FLOW, "--state", "completed", "--to", place)
    dry = cli(*asked, "--dry-run", "--json").json
    assert [(line["action"], line["count"]) for line in dry["lines"]] == [("again", 1)]
    assert "not known here" in dry["warnings"][0]  # the journal was copied: its destination is of another project
    assert "Dry run" in cli(*asked, "--dry-run").out
    assert cli(*asked, *WHY, "--json").json["replayed"] == 1
    assert cli("status", "--json").json["deliveries"][FLOW] == {"pending": 3, "delivered": 0}


@pytest.mark.req("MSG-7")
def test_where_the_policy_asks_for_a_second_person_a_login_is_needed_and_nothing_is_done_yet(
    worked: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = worked / "hilum.toml"
    settings.write_text(settings.read_text() + '\n[[approvals.rules]]\nact = "replay"\ndata_class = ["phi"]\n')
    message = held_id(cli)
    assert "--as USER" in cli("replay", message, *WHY).complaint
    cli("users", "add", "eva", "--role", "operator", "--password", "seven-grey-otters")
    monkeypatch.setenv("HILUM_PASSWORD", "wrong-grey-otters")
    assert "wrong" in cli("replay", message, *WHY, "--as", "eva").complaint
    monkeypatch.setenv("HILUM_PASSWORD", "seven-grey-otters")
    answer = cli("replay", message, *WHY, "--as", "eva", "--json").json
    assert (answer["job"]["state"], answer["replayed"]) == ("waiting", 0)
    (request,) = cli("approvals", "list", "--json").json
    assert (request["requested_by"], request["state"]) == ("eva", "waiting")
    assert held_id(cli) == message
    assert "--as USER" in cli("approvals", "withdraw", request["id"], *WHY).complaint
    cli("approvals", "withdraw", request["id"], *WHY, "--as", "eva")
    assert cli("approvals", "list", "--json").json == []
    assert cli("replays", "list", "--all", "--json").json[0]["state"] == "cancelled"


@pytest.mark.req("RES-8")
def test_flows_and_keys_are_stopped_and_resumed_with_a_reason(worked: Path, cli: Cli) -> None:
    assert "--reason" in cli("flows", "pause", FLOW).complaint
    assert "There is no flow" in cli("flows", "pause", "no.such", *WHY).complaint
    assert "is no part of a flow" in cli("flows", "pause", FLOW, "--what", "half", *WHY).complaint
    assert "stopped" in cli("flows", "pause", FLOW, "--what", "translation", *WHY).out
    cli("flows", "hold-key", FLOW, "AC777", *WHY)
    found = cli("flows", "stopped", "--json").json
    assert [each["what"] for each in found["flows"]] == ["translation"]
    assert [each["key"] for each in found["keys"]] == ["AC777"]
    assert "goes on" in cli("flows", "free-key", FLOW, "AC777", *WHY).out
    assert cli("flows", "resume", FLOW, *WHY, "--json").json["words"] == f"translation of {FLOW} goes on"
    assert cli("flows", FLOW, "--json").json == cli("flows", "show", FLOW, "--json").json


def test_a_retry_that_is_none_is_refused(worked: Path, cli: Cli) -> None:
    for act in ("now", "cancel"):
        assert "Nothing of it waits" in cli("retry", act, ABSENT, *WHY).complaint
        assert "--reason" in cli("retry", act, ABSENT).complaint
