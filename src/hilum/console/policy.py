"""What a browser may do with the console's pages: as little as they need (OWASP Secure Headers, W3C CSP level 3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import jinja2
from nicegui import client

NONCE_BYTES = 16
"""Random bytes of the word that a page's own inline scripts carry: 128 bits (CSP level 3 §7.1)."""

ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(),"
        b" microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), clipboard-write=(self)",
    ),
)
"""Headers of every response."""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        # NiceGUI evaluates the handlers of its elements: without 'unsafe-eval' no button works.
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",  # Vue sets style attributes
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)


def new_nonce() -> str:
    """A word for one response."""
    return secrets.token_urlsafe(NONCE_BYTES)


def headers(nonce: str) -> list[tuple[bytes, bytes]]:
    """The headers of a response whose inline scripts carry this nonce."""
    return [*ALWAYS, (b"content-security-policy", _POLICY.format(nonce=nonce).encode())]


def mark_scripts() -> None:
    """Let NiceGUI's page carry the nonce of its request on each of its inline scripts.

    The template is changed, not the finished page: a script that somebody smuggles into a page's content gets none.
    """
    environment = client.templates.env
    if not isinstance(environment.loader, _Marked):
        environment.loader = _Marked(Path(client.__file__).parent / "templates")
        if environment.cache is not None:
            environment.cache.clear()


class _Marked(jinja2.FileSystemLoader):
    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, current = super().get_source(environment, template)
        return source.replace("<script", '<script nonce="{{ request.state.nonce }}"'), name, current
