"""Failed logins wait longer each time: by the name and where it comes from, and more gently by the name alone."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from hilum.postgres import Connection

FREE_FAILURES = 3
"""So many wrong passwords in a row, for one name from one address, cost nothing."""

FREE_FAILURES_OF_NAME = 30
"""So many for one name from anywhere cost those nothing who never logged in from where they are."""

LONGEST_DELAY = 900.0
"""Seconds; the delay doubles from 1 s with each further failure up to this."""

BURST_SECONDS = 60
"""Attempts that came too early are one burst, and one row of the audit, until so long nothing more comes."""

_FORGET_AFTER = "1 day"
"""Failures older than this are forgotten, so that guesses at random names do not fill the table."""

_PEER_DAYS = 90
"""An address from which a user did not log in for so long is a stranger again."""

_ANYWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Attempts that came before their time."""

    name: str  # of the user, or `unknown …`
    peer: str
    count: int
    since: datetime
    until: datetime


def delay_after(failures: int, free: int = FREE_FAILURES) -> float:
    """Seconds to wait after so many failures in a row: 0, 0, 0, 1, 2, 4 … 900."""
    if failures <= free:
        return 0.0
    return float(min(2.0 ** min(failures - free - 1, 20), LONGEST_DELAY))


def peer_of(host: str) -> str:
    """Whom an address belongs to: IPv6 hosts have a whole /64 to choose from (RFC 8981), so that counts as one."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64] or "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


async def name_hash(connection: Connection, name: str) -> bytes:
    """What is kept of a name that somebody typed."""
    row = await (await connection.execute("SELECT key FROM login_secret")).fetchone()
    if row is None:
        raise LookupError("login_secret has no row")
    return hmac.digest(bytes(row[0]), name.encode(errors="replace"), sha256)


async def shown_name(connection: Connection, typed: str) -> str:
    """What the audit may say of a name that was typed: itself where a user has it, else the beginning of its hash."""
    name = typed.strip().lower().replace("\x00", "")
    cursor = await connection.execute("SELECT 1 FROM user_account WHERE name = %s", [name])
    if await cursor.fetchone() is not None:
        return name
    return f"unknown {(await name_hash(connection, name)).hex()[:12]}"


async def seconds_to_wait(connection: Connection, name: str, peer: str) -> float:
    """Within a transaction: how long this name has to wait here; where it need not, the failure is counted beforehand.

    The rows are locked until the transaction ends: attempts at the same time are counted one after the other.
    """
    hashed = await name_hash(connection, name)
    known = await _is_known(connection, name, peer)
    cursor = await connection.execute(
        "SELECT peer, failures, extract(epoch FROM now() - last_at)::float FROM login_failure"
        " WHERE name = %s AND peer IN (%s, %s) ORDER BY peer FOR UPDATE",
        [hashed, _ANYWHERE, peer],
    )
    waiting = 0.0
    for place, failures, age in await cursor.fetchall():
        if place == peer:
            waiting = max(waiting, delay_after(failures) - age)
        elif not known:
            waiting = max(waiting, delay_after(failures, FREE_FAILURES_OF_NAME) - age)
    if waiting > 0:
        await _count_early(connection, hashed, peer)
        return waiting
    await _count_failure(connection, hashed, peer)
    return 0.0


async def _is_known(connection: Connection, name: str, peer: str) -> bool:
    cursor = await connection.execute(
        "SELECT 1 FROM login_peer WHERE name = %s AND peer = %s AND last_at > now() - make_interval(days => %s)",
        [name, peer, _PEER_DAYS],
    )
    return await cursor.fetchone() is not None


async def _count_failure(connection: Connection, hashed: bytes, peer: str) -> None:
    await connection.execute(
        f"DELETE FROM login_failure WHERE last_at < now() - interval '{_FORGET_AFTER}' AND delayed = 0".encode()
    )
    await connection.execute(
        "INSERT INTO login_failure (name, peer, failures) VALUES (%(name)s, '', 1), (%(name)s, %(peer)s, 1)"
        " ON CONFLICT (name, peer) DO UPDATE SET failures = login_failure.failures + 1, last_at = now()",
        {"name": hashed, "peer": peer},
    )


async def _count_early(connection: Connection, hashed: bytes, peer: str) -> None:
    await connection.execute(
        "INSERT INTO login_failure (name, peer, failures, delayed, delayed_since, delayed_until)"
        " VALUES (%s, %s, 0, 1, now(), now()) ON CONFLICT (name, peer) DO UPDATE SET"
        " delayed = login_failure.delayed + 1, delayed_until = now(),"
        " delayed_since = COALESCE(login_failure.delayed_since, now())",
        [hashed, peer],
    )


async def forget_failures(connection: Connection, name: str, peer: str) -> None:
    """The right password was given here: from here the name begins anew, and this is a known place from now on.

    What came from elsewhere is not forgiven: it was somebody else.
    """
    hashed = await name_hash(connection, name)
    cursor = await connection.execute(
        "DELETE FROM login_failure WHERE name = %s AND peer = %s AND delayed = 0 RETURNING failures", [hashed, peer]
    )
    row = await cursor.fetchone()
    if row is None:  # attempts that came too early are still to be audited
        await connection.execute("UPDATE login_failure SET failures = 0 WHERE name = %s AND peer = %s", [hashed, peer])
    await connection.execute(
        "UPDATE login_failure SET failures = greatest(failures - %s, 0) WHERE name = %s AND peer = ''",
        [row[0] if row else 1, hashed],
    )
    await connection.execute("DELETE FROM login_failure WHERE name = %s AND failures = 0 AND delayed = 0", [hashed])
    await connection.execute("DELETE FROM login_peer WHERE last_at < now() - make_interval(days => %s)", [_PEER_DAYS])
    await connection.execute(
        "INSERT INTO login_peer (name, peer) VALUES (%s, %s) ON CONFLICT (name, peer) DO UPDATE SET last_at = now()",
        [name, peer],
    )


async def ended_bursts(connection: Connection) -> list[Burst]:
    """Within a transaction: bursts that have ended, to be noted in the audit; each is given once."""
    cursor = await connection.execute(
        "WITH ended AS (SELECT name, peer, delayed, delayed_since, delayed_until FROM login_failure"
        "  WHERE delayed > 0 AND delayed_until < now() - make_interval(secs => %s) ORDER BY name, peer FOR UPDATE"
        " ), noted AS (UPDATE login_failure f SET delayed = 0, delayed_since = NULL, delayed_until = NULL"
        "  FROM ended e WHERE f.name = e.name AND f.peer = e.peer)"
        " SELECT name, peer, delayed, delayed_since, delayed_until FROM ended",
        [BURST_SECONDS],
    )
    found = await cursor.fetchall()
    if not found:
        return []
    users = await (await connection.execute("SELECT name FROM user_account")).fetchall()
    known = {await name_hash(connection, name): name for (name,) in users}
    return [
        Burst(name=known.get(bytes(row[0]), f"unknown {bytes(row[0]).hex()[:12]}"), peer=row[1], count=row[2],
              since=row[3], until=row[4])
        for row in found
    ]  # fmt: skip
