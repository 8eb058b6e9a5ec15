"""`hilum send`: send sample messages over MLLP and show how they are answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.opening import run
from hilum.cli.output import AsJson, emit_json, fail, out, plain
from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

_START, _END = b"\x0b", b"\x1c\r"  # MLLP Release 1


def send(
    files: Annotated[list[Path], typer.Argument(help="Files with one or several HL7 v2 messages each.")],
    host: Annotated[str, typer.Option(help="Where the hub listens for MLLP.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The hub's MLLP port.", min=1, max=65535)] = 2575,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for each answer.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Send the messages in files, one after the other, and show each acknowledgement. Exit code 1 if one is not AA."""
    bodies = [(path, body) for path in files for body in _messages(path)]
    answers = run(_send(bodies, host, port, timeout))
    if as_json:
        emit_json(answers)
    else:
        for answer in answers:
            line = f"{answer['code']}  {answer['control_id']}  {answer['file']}  {answer['text']}"
            out.print(plain(line.rstrip()), soft_wrap=True)
    if any(answer["code"] not in ("AA", "CA") for answer in answers):
        raise SystemExit(1)


def _messages(path: Path) -> list[bytes]:
    try:
        return list(hl7.split(path.read_bytes()))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.")
    except Invalid as error:
        fail(f"{path}: {error}")


async def _send(bodies: list[tuple[Path, bytes]], host: str, port: int, timeout: float) -> list[dict[str, Any]]:
    answers = []
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        fail(f"Nobody listens at {host}:{port}. Start the hub with: hilum serve")
    try:
        for path, body in bodies:
            writer.write(_START + body + _END)
            async with asyncio.timeout(timeout):
                frame = await reader.readuntil(_END)
            answer = hl7.read_acknowledgement(frame.removeprefix(_START).removesuffix(_END))
            answers.append(
                {"file": str(path), "code": answer.code, "control_id": answer.control_id, "text": answer.text}
            )
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        fail(f"{host}:{port} gave no answer; it is not known whether it has the message after {len(answers)} others.")
    finally:
        writer.close()
    return answers
