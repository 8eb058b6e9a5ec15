"""Who may use the hub: local users with roles, their passwords, their sessions, and the first set-up."""

from pathlib import Path

from hilum.security.passwords import MINIMUM_LENGTH, WeakPassword
from hilum.security.roles import PERMISSIONS, Permission, Role, allows, who_can
from hilum.security.sessions import end_session, find_session, open_session
from hilum.security.setup import SetupRefused, any_user, ensure_first_user, finish_setup
from hilum.security.throttle import Burst, ended_bursts, shown_name
from hilum.security.users import (
    BadUser,
    LoginDelayed,
    LoginRefused,
    User,
    authenticate,
    create_user,
    set_disabled,
    set_password,
    users,
    why_no_second,
)

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "MIGRATIONS",
    "MINIMUM_LENGTH",
    "PERMISSIONS",
    "BadUser",
    "Burst",
    "LoginDelayed",
    "LoginRefused",
    "Permission",
    "Role",
    "SetupRefused",
    "User",
    "WeakPassword",
    "allows",
    "any_user",
    "authenticate",
    "create_user",
    "end_session",
    "ended_bursts",
    "ensure_first_user",
    "find_session",
    "finish_setup",
    "open_session",
    "set_disabled",
    "set_password",
    "shown_name",
    "users",
    "who_can",
    "why_no_second",
]
