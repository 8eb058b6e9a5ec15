"""The web console: what is stuck, what to do, and who did what, for the people who keep the interfaces running.

`hilum.console.app.create_app` is not imported here: it takes a second, which commands without a console should not pay.
"""

from hilum.console.context import Context
from hilum.console.serving import serve_console

__all__ = ["Context", "serve_console"]
