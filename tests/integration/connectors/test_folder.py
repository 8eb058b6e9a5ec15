"""The folder on a real directory: what is taken, when, once, and what becomes of a file that cannot be taken."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.connector import Header, Receipt, Received
from hilum.connectors import files
from hilum.connectors.files.local import LocalStore
from hilum.connectors.files.splitting import Hl7Messages, Rows, Shape, splitter
from hilum.connectors.files.store import Split
from hilum.connectors.files.units import Flaw, Unit
from hilum.errors import Down, Invalid, NotAccepted, SettingsError
from hilum.message import new_id
from hilum.testing import eventually, take
from hilum.testing.source_suite import accept_all, opened

pytestmark = pytest.mark.req("SYS-19")


def folder(directory: Path, **settings: Any) -> files.Folder:
    return files.Folder(url=str(directory), **({"stable_for": 0, "poll": 0.01} | settings))


def tree(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


async def taken_from(directory: Path, count: int, **settings: Any) -> list[Received]:
    """Receive and accept so many, then wait until nothing is left."""
    async with opened(folder(directory, **settings)) as source:
        received = await take(source, count)
        await accept_all(received)
        await eventually(lambda: not [path for path in directory.iterdir() if path.is_file()])
    return received


async def test_rows_are_objects_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid;note\r\n1;"x;\r\ny"\r\n\r\n2;z')
    received = await taken_from(tmp_path, 2, split="rows")
    assert [orjson.loads(each.body) for each in received] == [{"id": "1", "note": "x;\r\ny"}, {"id": "2", "note": "z"}]
    assert [(each.headers[Header.FILE], each.headers[Header.ROW]) for each in received] == [
        ("a.csv", "1"),
        ("a.csv", "2"),
    ]
    assert tree(tmp_path) == ["done/a.csv"]


async def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("10.txt", "2.txt", "1.txt"):
        (tmp_path / name).write_text(name)
    received = await taken_from(tmp_path, 3)
    assert [each.body for each in received] == [b"1.txt", b"10.txt", b"2.txt"]


@pytest.mark.req("SYS-3")
async def test_hl7_messages_with_and_without_envelope(tmp_path: Path) -> None:
    one, two = (f"MSH|^~\\&|A|B|C|D|2026||ADT^A01|{n}|P|2.5\rPID|1||{n}\r".encode() for n in (1, 2))
    (tmp_path / "a.hl7").write_bytes(b"FHS|^~\\&\rBHS|^~\\&\r" + one + two + b"BTS|2\rFTS|1\r")
    (tmp_path / "b.hl7").write_bytes(two)
    received = await taken_from(tmp_path, 3, split="hl7")
    assert [each.body for each in received] == [one, two, two]
    assert folder(tmp_path, split="hl7").default_format == "hl7v2"


async def test_a_crash_at_any_point_reads_again_with_the_same_keys(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n2\n3\n")
    keys: set[str] = set()
    for accepted in (0, 1, 2):
        async with opened(folder(tmp_path, split="rows")) as source:
            received = await take(source, 3)
            keys |= {each.headers[Header.IDEMPOTENCY_KEY] for each in received}
            await accept_all(received[:accepted])
        assert tree(tmp_path) == ["a.csv"]
    received = await taken_from(tmp_path, 3, split="rows")
    assert keys == {each.headers[Header.IDEMPOTENCY_KEY] for each in received}
    assert len(keys) == 3


async def test_other_content_under_the_same_name_has_other_keys_and_keeps_both(tmp_path: Path) -> None:
    keys = []
    for content in ("one", "two", "two"):
        (tmp_path / "a.txt").write_text(content)
        keys += [each.headers[Header.IDEMPOTENCY_KEY] for each in await taken_from(tmp_path, 1)]
    assert keys[0] != keys[1] == keys[2]
    done = sorted((tmp_path / "done").iterdir())
    assert sorted(path.read_text() for path in done) == ["one", "two"]


async def test_rows_that_cannot_be_taken_are_listed_and_the_rest_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,note\n1,a\n2\n3,c\n4,d\n")
    async with opened(folder(tmp_path, split="rows")) as source:
        one, three, four = await take(source, 3)
        await accept_all([one, four])
        await three.refuse(NotAccepted("no flow takes this"))
        await eventually(lambda: (tmp_path / "failed" / "a.csv").exists())
    assert tree(tmp_path) == ["failed/a.csv", "failed/a.csv.reason.txt"]
    reasons = (tmp_path / "failed" / "a.csv.reason.txt").read_text()
    assert "2 taken, 2 refused" in reasons
    assert "row or message 2: there are 1 fields, but 2 column names" in reasons
    assert "row or message 3: no flow takes this" in reasons


@pytest.mark.parametrize(
    ("content", "split", "words"),
    [
        (b'id,note\n1,"open\n', "rows", "row 1: a quote is opened and never closed"),
        (b"id,id\n1,2\n", "rows", "same name"),
        ("id\n1\n".encode("utf-16"), "rows", "UTF-16"),
        (b"hello", "hl7", "belongs to no message"),
        (b"x" * 2000, "none", "larger than 1024 bytes"),
        (b"id\n" + b"x" * 2000, "rows", "more than 1024 bytes"),
    ],
)
@pytest.mark.req("SEC-6")
async def test_a_file_that_cannot_be_read_fails_with_the_reason(
    tmp_path: Path, content: bytes, split: str, words: str
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    async with opened(folder(tmp_path, split=split, max_unit=1024)):
        await eventually(lambda: (tmp_path / "failed" / "a.txt").exists())
    assert words in (tmp_path / "failed" / "a.txt.reason.txt").read_text()


async def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    growing = tmp_path / "a.txt"
    growing.write_text("x")
    source = folder(tmp_path, stable_for=1000)
    async with opened(source):
        await eventually(lambda: "a.txt" in source._seen)
        growing.write_text("xy")
        await eventually(lambda: source._seen["a.txt"][0].size == 2)
        assert tree(tmp_path) == ["a.txt"]
    (received,) = await taken_from(tmp_path, 1, stable_for=0.05)
    assert received.body == b"xy"


async def test_a_marker_says_that_a_file_is_complete(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "b.txt.ok"):
        (tmp_path / name).write_text(name)
    async with opened(folder(tmp_path, marker=".ok", stable_for=1000)) as source:
        received = await take(source, 1)
        assert [each.body for each in received] == [b"b.txt"]
        await accept_all(received)
        await eventually(lambda: tree(tmp_path) == ["a.txt", "done/b.txt"])


@pytest.mark.req("SEC-6")
async def test_links_and_folders_are_no_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.key"
    secret.write_text("secret")
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "link.txt").symlink_to(secret)
    (inbox / "sub").mkdir()
    (inbox / "z.txt").write_text("z")
    async with opened(folder(inbox)) as source:
        received = await take(source, 1)
        assert [each.body for each in received] == [b"z"]
        await accept_all(received)
        await eventually(lambda: (inbox / "done" / "z.txt").exists())
        assert (inbox / "link.txt").is_symlink()


async def test_a_pattern_chooses(tmp_path: Path) -> None:
    for name in ("orders-1.csv", "stock-1.csv"):
        (tmp_path / name).write_text(name)
    async with opened(folder(tmp_path, pattern="orders-*.csv")) as source:
        received = await take(source, 1)
        assert [each.body for each in received] == [b"orders-1.csv"]
        assert await source.check() == f"file:{tmp_path}/orders-*.csv: 1 file waiting"
        await accept_all(received)


async def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Down, match="no directory"):
        await folder(tmp_path / "missing").open()


async def test_a_file_taken_by_another_process_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    async with opened(folder(tmp_path)) as source:
        (received,) = await take(source, 1)
        (tmp_path / "a.txt").unlink()
        await accept_all([received])
        (tmp_path / "b.txt").write_text("b")
        (received,) = await take(source, 1)
        assert received.body == b"b"
        await received.accept(Receipt(message_id=new_id()))


@pytest.mark.req("MSG-11")
async def test_a_large_file_is_handed_over_in_a_bounded_window(tmp_path: Path) -> None:
    rows = 5000
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(rows)))
    async with opened(folder(tmp_path, split="rows")) as source:
        seen: list[bytes] = []
        waiting = await take(source, 1000)
        assert len(waiting) == 1000  # and no more until one of them is answered
        while waiting:
            seen += [each.body for each in waiting]
            await accept_all(waiting)
            waiting = await take(source, 1) if len(seen) < rows else []
        assert seen == [orjson.dumps({"id": str(n)}) for n in range(rows)]
        await eventually(lambda: (tmp_path / "done" / "a.csv").exists())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_directory_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    with pytest.raises(Down):
        await folder(tmp_path).open()


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://x/in"},
        {"url": "sftp://u:secret@x/in"},
        {"url": "in", "done": "../done"},
        {"url": "in", "encoding": "utf-16"},
        {"url": "in", "encoding": "no-such"},
        {"url": "sftp://u@x/in"},
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        files.Folder(**settings)
    assert "secret" not in str(caught.value)


# ---- splitting, whatever the chunks


def _split(parts: Any, content: bytes, cuts: Sequence[int]) -> list[Unit | Flaw]:
    places = [0, *sorted({cut for cut in cuts if cut < len(content)}), len(content)]
    found: list[Unit | Flaw] = []
    for place, start in enumerate(places[:-1]):
        found += parts.feed(content[start : places[place + 1]])
    return found + list(parts.finish())


@given(
    rows=st.lists(st.tuples(st.text("ab,\"\n\ré'", max_size=6), st.text("xy ;", max_size=4)), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 120)),
)
def test_rows_do_not_depend_on_chunks(rows: list[tuple[str, str]], cuts: Sequence[int]) -> None:
    lines = ["".join(f'"{value.replace(chr(34), chr(34) * 2)}",' for value in row)[:-1] + "\r\n" for row in rows]
    content = ("one,two\r\n" + "".join(lines)).encode()
    found = _split(Rows(10_000, "utf-8", None), content, cuts)
    assert [orjson.loads(each.body) for each in found if isinstance(each, Unit)] == [
        {"one": one, "two": two} for one, two in rows
    ]


@given(count=st.integers(1, 5), cuts=st.lists(st.integers(0, 300)), end=st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_hl7_messages_do_not_depend_on_chunks(count: int, cuts: Sequence[int], end: bytes) -> None:
    messages = [
        end.join([b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|%d|P|2.5" % n, b"PID|1||%d" % n, b"NTE|1||MSH-9 BHS", b""])
        for n in range(count)
    ]
    found = _split(Hl7Messages(10_000), b"".join(messages), cuts)
    assert [each.body.rstrip(b"\r\n") for each in found if isinstance(each, Unit)] == [
        each.rstrip(b"\r\n") for each in messages
    ]


def test_an_empty_file_has_no_units() -> None:
    for split in get_args(Split):
        columns = (("a", 1),) if split == "fixed" else ()
        made = splitter(Shape(split=split, max_unit=10, max_file=10, columns=columns, element="a"))
        if split != "xml":  # a document has a root
            assert list(made.finish()) == []
    with pytest.raises(Invalid):
        splitter(Shape(split="hl7", max_unit=10, max_file=10)).feed(b"x" * 11)


@pytest.mark.req("SEC-6")
@pytest.mark.skipif(sys.platform != "linux", reason="only here a file's name may be any bytes")
@pytest.mark.parametrize("content", [b'id;n\n1;"never closed\n', b"id;n\n1;2\n"], ids=["unreadable", "refused"])
async def test_a_failed_file_whose_name_is_no_utf8_is_put_away_like_others(tmp_path: Path, content: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")).write_bytes(content)
    (tmp_path / "b.csv").write_bytes(b"id;n\n1;2\n")
    async with opened(folder(tmp_path, split="rows")) as source:
        for each in await take(source, 1 if b"never" in content else 2):
            await (
                each.accept(Receipt(message_id=new_id()))
                if each.headers[Header.FILE] == "b.csv"
                else each.refuse(Invalid("no"))
            )
        await eventually(lambda: not [path for path in tmp_path.iterdir() if path.is_file()])
    assert (tmp_path / "done" / "b.csv").exists()
    assert len(list((tmp_path / "failed").iterdir())) == 2


@pytest.mark.parametrize("stem", ["n" * 251, "é" * 125 + "x", "名" * 83 + "xx"])
async def test_a_name_of_255_bytes_is_put_away_like_others(tmp_path: Path, stem: str) -> None:
    """The name with the part of another day's digest, and the one of the reason file, would be longer than that."""
    name = f"{stem}.csv"
    assert len(name.encode()) == 255
    for content in ("id\n1\n", "id\n2\n"):  # the second one finds the name taken
        (tmp_path / name).write_text(content)
        await taken_from(tmp_path, 1)
    (tmp_path / name).write_text("id\n1,2,3\n")
    async with opened(folder(tmp_path, split="rows")):
        await eventually(lambda: not (tmp_path / name).exists())

    done, failed = tree(tmp_path / "done"), tree(tmp_path / "failed")
    assert len(done) == len(failed) == 2
    assert name in done
    assert name in failed
    assert all(len(each.encode()) <= 255 for each in [*done, *failed])
    assert next(each for each in done if each != name).endswith(".csv")
    assert next(each for each in failed if each != name).endswith(".csv.reason.txt")


async def test_a_folder_that_is_missing_is_said_with_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that was started elsewhere looks for another folder than its project means."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Down, match=f"in/bills is no directory in {tmp_path}, where the hub was started"):
        await LocalStore(Path("in/bills")).open()
    with pytest.raises(Down, match="bills is no directory, or cannot be reached: make it"):
        await LocalStore(tmp_path / "bills").open()
