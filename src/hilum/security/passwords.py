"""Passwords: argon2id, computed off the event loop, never kept or shown."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hilum.errors import HilumError

MINIMUM_LENGTH = 12
"""Characters. NIST SP 800-63B asks for at least 8; length is what protects, so no rules on kinds of characters."""

MAXIMUM_LENGTH = 256
"""Characters; a longer one would only cost time."""

# RFC 9106 §4, second recommended option: 64 MiB of memory, 3 passes, 4 lanes. These are argon2-cffi's defaults.
_hasher = PasswordHasher()

# Each computation takes 64 MiB: a flood of logins must take neither all memory nor the threads of others.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


class WeakPassword(HilumError):
    """The password is too short, too long, or is the user's name; the text says which."""


def check_strength(name: str, password: str) -> None:
    """Raises `WeakPassword`."""
    if len(password) < MINIMUM_LENGTH:
        raise WeakPassword(f"The password needs at least {MINIMUM_LENGTH} characters.")
    if len(password) > MAXIMUM_LENGTH:
        raise WeakPassword(f"The password may have at most {MAXIMUM_LENGTH} characters.")
    if len(set(password)) < 4 or (name and name.lower() in password.lower() and len(password) < len(name) + 8):
        raise WeakPassword("The password is too easy to guess.")


async def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and a random salt in it. Takes some 50 ms."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Is this the password? Takes as long where there is none stored."""
    if len(password) > MAXIMUM_LENGTH:
        return False
    same = await asyncio.get_running_loop().run_in_executor(_threads, _matches, password, stored)
    return same and stored is not None


@cache
def _nobody() -> str:
    """Compared with when there is no such user, so that the answer takes as long as for one who exists."""
    return _hasher.hash("there is no such user")


def _matches(password: str, stored: str | None) -> bool:
    try:
        return _hasher.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
