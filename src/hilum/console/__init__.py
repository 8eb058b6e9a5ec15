"""The web console: what is stuck, what to do, and who did what, for the people who keep the interfaces running."""

from hilum.console.app import create_app
from hilum.console.context import Context
from hilum.console.serving import serve_console

__all__ = ["Context", "create_app", "serve_console"]
