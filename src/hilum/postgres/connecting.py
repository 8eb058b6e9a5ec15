"""How connections are made, and what is set on them."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

SCHEMA: Final = "hilum"
"""Everything that Hilum owns is in this schema, so that it can share a database."""

MINIMUM_VERSION: Final = 150000
"""PostgreSQL 15, as `server_version_num` says it."""

# The hot statements touch a few hundred rows of tables whose statistics are always behind: a plan that scans them whole
# because they looked small this morning would be a disaster, so such plans are excluded: every table is reached by an
# index, in the order of that index. Hash joins stay, for the few hundred rows that a statement brings with it.
HOT: Final = (
    "SET search_path = hilum; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_bitmapscan = off; SET enable_mergejoin = off; SET synchronous_commit = on; "
    "SET statement_timeout = '60s'"
)
COLD: Final = "SET search_path = hilum; SET jit = off; SET statement_timeout = '60s'"

_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A connection that died without a word is noticed within half a minute (seconds; the last in ms). TCP only."""


def connecting(url: str) -> dict[str, Any]:
    """How connections are made; what the URL says itself stays. An URL that cannot be read is told when it is used."""
    wanted: dict[str, Any] = {"connect_timeout": 5, **_KEEPALIVE}
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        said = {}
    if "," in str(said.get("host") or said.get("hostaddr") or ""):
        wanted["target_session_attrs"] = "read-write"
    return {"autocommit": True, **{name: value for name, value in wanted.items() if name not in said}}
