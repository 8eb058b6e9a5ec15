"""The commands over a journal: what they say, what they do, and that every answer can be had as JSON."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg
import pytest
from cli_calls import ABSENT, FLOW, Cli, held_id

from hilum.cli.exceptions import NO_CASE


@pytest.mark.req("UX-3")
@pytest.mark.req("MSG-17")
def test_the_shape_of_status_is_what_monitors_rely_on(worked: Path, cli: Cli) -> None:
    found = cli("status", "--json").json
    assert list(found) == [
        "messages", "deliveries", "destinations", "duplicates", "refused", "queues", "down", "promises",
        "closed", "workers",
    ]  # fmt: skip
    assert found["messages"] == {FLOW: {"received": 0, "routed": 0, "completed": 1, "held": 1}}
    # Three of the sample's four lines are stocked items; the fourth is a service and leaves no stock.
    assert found["deliveries"][FLOW] == {"pending": 0, "delivered": 3}
    assert list(found["destinations"].values()) == [{"pending": 0, "delivered": 3}]
    assert found["duplicates"] == {FLOW: 1}
    assert found["refused"] == 0
    (queue,) = [queue for queue in found["queues"] if queue["place"] == "translate"]
    assert queue == {"place": "translate", "pending": 0, "waiting": 0, "oldest": None}
    assert found["down"] == []
    assert found["workers"] == []
    (promise,) = found["promises"].values()
    assert list(promise) == ["1h", "1d", "30d"]
    assert {key: promise["1h"][key] for key in ("completed", "late", "kept")} == {"completed": 1, "late": 0, "kept": 1}


def test_status_for_people_names_the_flow_and_what_is_held(worked: Path, cli: Cli) -> None:
    head, row, *_ = cli("status").out.splitlines()
    assert head.split() == ["flow", "completed", "held", "duplicates"]
    assert row.split() == [FLOW, "1", "1", "1"]


@pytest.mark.req("OBS-4")
@pytest.mark.parametrize("text", ["AC20031", "OR000442", "AC2003"])
def test_a_message_is_found_by_any_identifier_or_its_beginning(worked: Path, cli: Cli, text: str) -> None:
    found = cli("messages", text, "--json").json
    assert held_id(cli) in {row["id"] for row in found}
    assert {row["flow"] for row in found} == {FLOW}
    assert cli("trace", text, "--json").json["message"]["id"] == held_id(cli)


@pytest.mark.req("OBS-4")
def test_the_trace_of_a_delivered_message_tells_every_step(worked: Path, cli: Cli) -> None:
    (done,) = cli("messages", "--state", "completed", "--json").json
    story = cli("trace", done["id"], "--json").json
    assert [delivery["state"] for delivery in story["deliveries"]] == ["delivered"] * 3
    assert {Path(delivery["reference"]).parent for delivery in story["deliveries"]} == {_out(cli)}
    words = cli("trace", done["id"]).out
    assert words.splitlines()[0].split() == [done["id"], FLOW, "completed"]
    assert story["trace_id"] == done["correlation_id"].replace("-", "")
    assert f"trace {story['trace_id']}" in words
    assert all(delivery["reference"] in words for delivery in story["deliveries"])


def _out(cli: Cli) -> Path:
    """The folder that the project's flow delivers to."""
    (name,) = cli("status", "--json").json["destinations"]
    return Path(name)


@pytest.mark.req("MSG-6")
def test_what_is_held_says_why_what_to_do_and_who_can(worked: Path, cli: Cli) -> None:
    (case,) = cli("exceptions", "list", "--json").json
    assert case["category"] == "unmapped"
    assert case["owner"] == "Supply chain"
    assert case["message_id"] == held_id(cli)
    assert "MESH9" in case["words"]
    assert "replay" in case["next_step"]
    shown = cli("exceptions", "show", case["id"]).out
    for words in (case["title"], case["next_step"], case["message_id"]):
        assert words in " ".join(shown.split())
    assert cli("exceptions", "show", case["id"], "--json").json == case | {"notes": []}
    assert f"case {case['id']} (open)" in cli("trace", held_id(cli)).out


def test_a_case_is_given_to_a_person_and_back(worked: Path, cli: Cli) -> None:
    (case,) = cli("exceptions", "list", "--json").json
    assert cli("exceptions", "assign", case["id"], "eva", "--json").json == {"case": case["id"], "assigned_to": "eva"}
    assert cli("exceptions", "list", "--json").json[0]["assigned_to"] == "eva"
    assert "back with its team" in cli("exceptions", "assign", case["id"]).out
    assert cli("exceptions", "list", "--json").json[0]["assigned_to"] is None


def test_a_discard_ends_the_message_and_keeps_the_reason(worked: Path, cli: Cli) -> None:
    message = held_id(cli)
    answer = cli("exceptions", "discard", message, "--reason", "entered [twice] by mistake", "--json").json
    assert answer == {"message_id": message, "words": "The message is discarded."}
    assert cli("exceptions", "list").out.strip() == NO_CASE
    assert cli("exceptions", "list", "--all", "--json").json[0]["resolution"] == "discarded"
    assert "entered [twice] by mistake" in cli("trace", message).out
    assert cli("status", "--json").json["messages"][FLOW]["discarded"] == 1


@pytest.mark.req("MSG-7")
def test_a_dry_run_says_what_a_replay_would_do_and_changes_nothing(worked: Path, cli: Cli) -> None:
    before = cli("status", "--json").json
    answer = cli("replay", "--flow", FLOW, "--dry-run", "--json").json
    assert [step["action"] for step in answer["steps"]] == ["translate"]
    assert (answer["replayed"], answer["dry_run"]) == (0, True)
    assert cli("status", "--json").json == before


@pytest.mark.req("MSG-7")
@pytest.mark.parametrize("selection", [["--flow", FLOW], ["--category", "unmapped"], ["--flow", FLOW, "--since", "1h"]])
def test_a_replay_of_a_selection_sends_it_again_with_the_reason(worked: Path, cli: Cli, selection: list[str]) -> None:
    message = held_id(cli)
    answer = cli("replay", *selection, "--reason", "the table has the row now", "--json").json
    assert answer["replayed"] == 1
    assert answer["steps"][0]["message_id"] == message
    assert cli("status", "--json").json["messages"][FLOW]["received"] == 1
    assert "the table has the row now" in cli("trace", message).out


@pytest.mark.req("MSG-7")
def test_a_time_range_without_messages_replays_none(worked: Path, cli: Cli) -> None:
    answer = cli("replay", "--flow", FLOW, "--until", "2020-01-01", "--reason", "look", "--json").json
    assert (answer["steps"], answer["replayed"]) == ([], 0)


WRONG = {
    "a case that is not there": (["exceptions", "show", "777"], "There is no case 777."),
    "assigning a case that is not there": (["exceptions", "assign", "777", "eva"], "There is no open case 777."),
    "a case number that is none": (["exceptions", "show", "0"], "greater than or equal to 1"),
    "a case number that is too long": (["exceptions", "show", "9" * 20], "less than or equal to"),
    "discarding without a reason": (["exceptions", "discard", ABSENT], "--reason"),
    "discarding what is not there": (["exceptions", "discard", ABSENT, "--reason", "x"], "no such message"),
    "an id that is none": (["exceptions", "discard", "abc", "--reason", "x"], "hilum messages abc"),
    "replaying an id that is none": (["replay", "abc", "--reason", "x"], "hilum messages abc"),
    "replaying without a reason": (["replay", "--flow", FLOW], "--reason"),
    "replaying without a selection": (["replay", "--reason", "x"], "--flow or --category"),
    "a state that is none": (["messages", "--state", "lost"], "'lost' is not a state"),
    "a time that is none": (["messages", "--since", "yesterday"], "'yesterday' is not a time"),
    "an age that is too long": (["messages", "--since", "9" * 12 + "d"], "is not a time"),
    "a limit below one": (["messages", "--limit", "-1"], "--limit"),
    "tracing what is not there": (["trace", "NOBODY"], "No message has the identifier 'NOBODY'"),
    "a role that is none": (["users", "add", "eva", "--role", "king", "--password", "x"], "'king'"),
    "a weak password": (["users", "add", "eva", "--password", "short"], "at least 12 characters"),
    "a command that is none": (["lose"], "No such command 'lose'."),
    "an option that is none": (["status", "--nice"], "See: hilum status --help"),
}


@pytest.mark.req("UX-3")
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_line(worked: Path, cli: Cli, what: str) -> None:
    arguments, words = WRONG[what]
    assert words in cli(*arguments).complaint


def test_users_are_made_and_listed_without_their_passwords(worked: Path, cli: Cli) -> None:
    made = cli("users", "add", "eva", "--role", "steward", "--password", "seven-grey-otters", "--json")
    assert made.json == {"name": "eva", "role": "steward"}
    assert cli("users", "list", "--json").json == [{"name": "eva", "role": "steward", "last_login": None}]
    assert "already a user 'eva'" in cli("users", "add", "eva", "--password", "seven-grey-otters").complaint
    assert "otters" not in made.out + cli("users", "list").out


@pytest.mark.req("SEC-3")
@pytest.mark.parametrize(
    "url",
    [
        "nonsense://u:grey-otter@host/x",
        "grey-otter",
        "postgresql://u:grey-otter@127.0.0.1:port/x",
        "postgresql://u:grey-otter@127.0.0.1:1/x",
        "postgresql://u:grey-otter@nowhere.invalid/x",
    ],
)
@pytest.mark.parametrize("command", ["status", "serve", "migrate"])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str, command: str
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", url)
    settings = project / "hilum.toml"
    settings.write_text(settings.read_text().replace("[hub]", "[hub]\ndatabase_wait_seconds = 0"))
    answer = cli(*(["db"] if command == "migrate" else []), command, "-p", project)
    assert "database" in answer.complaint.lower()
    assert "grey-otter" not in answer.out + answer.err


def test_migrate_makes_an_empty_database_ready_and_is_harmless_to_repeat(
    project: Path, cli: Cli, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", empty_postgres_url)
    applied = cli("db", "migrate", "-p", project, "--json").json["applied"]
    components = {name.partition("/")[0] for name in applied}
    assert components == {
        "journal",
        "cases",
        "security",
        "masterdata",
        "processes",
        "packs",
        "partners",
        "facts",
        "reconcile",
    }
    assert cli("db", "migrate", "-p", project, "--json").json == {"applied": []}
    assert "up to date" in cli("db", "migrate", "-p", project).out


def test_a_question_to_an_empty_database_makes_its_tables_and_answers(
    project: Path, cli: Cli, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", empty_postgres_url)
    assert cli("status", "-p", project, "--json").json["messages"] == {}
    assert cli("messages", "-p", project).out.strip() == "Nothing fits."


def test_another_number_of_lanes_than_the_journal_has_is_refused(worked: Path, cli: Cli) -> None:
    settings = worked / "hilum.toml"
    settings.write_text(settings.read_text().replace("[hub]", "[hub]\nlanes = 8"))
    assert re.search(r"lanes = 8, .* made with 64", cli("status").complaint)


@pytest.mark.parametrize("command", [("status",), ("messages",), ("exceptions", "list"), ("audit", "verify")])
def test_a_question_does_not_migrate_an_older_database(worked: Path, cli: Cli, command: tuple[str, ...]) -> None:
    """It names what is missing and what applies it; the hubs that run go on with the tables that they know."""
    with psycopg.connect(os.environ["HILUM_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM hilum.migration WHERE component = 'security' AND number = 2")
        connection.execute("DROP TABLE hilum.login_peer, hilum.login_secret")
        said = cli(*command).complaint
        assert "it lacks security/0002_logins" in said
        assert "hilum db migrate" in said
        assert connection.execute("SELECT to_regclass('hilum.login_peer')").fetchone() == (None,)
    assert cli("db", "migrate", "--json").json == {"applied": ["security/0002_logins"]}
    assert cli(*command).code == 0


@pytest.mark.req("MSG-5")
@pytest.mark.req("MSG-17")
def test_a_message_that_came_again_says_so(worked: Path, cli: Cli) -> None:
    repeats = cli("trace", "OR000441", "--json").json["repeats"]
    assert repeats["count"] == 1
    assert repeats["last_peer"].startswith("127.0.0.1:")
    assert "came again once, last 20" in cli("trace", "OR000441").out
    assert cli("trace", "OR000442", "--json").json["repeats"] is None


@pytest.mark.req("MSG-8")
@pytest.mark.req("UX-3")
def test_a_destination_is_listed_stopped_and_let_go_on(worked: Path, cli: Cli) -> None:
    before = cli("destinations", "list", "--json").json
    assert {(each["state"], each["pending"], each["limits"]) for each in before} == {("closed", 0, "")}
    name = before[0]["destination"]
    assert cli("destinations", "open", name).complaint == "Say why with --reason; it is kept in the audit."
    assert "No flow delivers to 'nobody'." in cli("destinations", "open", "nobody", "--reason", "x").complaint
    assert "is not a length of time" in cli("destinations", "open", name, "--reason", "x", "--for", "soon").complaint
    said = cli("destinations", "open", name, "--reason", "the disk is full", "--for", "2h").out
    assert " ".join(said.split()).startswith(f"Nothing is sent to {name}, for 2h;")
    stopped, *_ = cli("destinations", "list", "--json").json
    assert stopped["destination"] == name, "those that are left alone come first"
    assert (stopped["state"], stopped["words"]) == ("open", "the disk is full")
    assert stopped["actor"].endswith("(command line)")
    assert "the disk is full (stopped by" in " ".join(cli("destinations", "list").out.split())
    assert [row["destination"] for row in cli("status", "--json").json["down"]] == [name]
    assert "slowly at first" in " ".join(cli("destinations", "close", name, "--reason", "room").out.split())
    assert "nothing to let go on" in " ".join(cli("destinations", "close", name, "--reason", "again").out.split())
    assert cli("status", "--json").json["down"] == []
    assert "attempts within" in cli("flows", FLOW).out
