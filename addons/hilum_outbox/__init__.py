"""Notes changes of chosen models for an integration hub to pull."""

from . import models
from .statements import DROP_ALL


def uninstall_hook(*given):
    """Take the triggers away. Odoo 16 gives cursor and registry, 17 and later the environment."""
    cursor = given[0] if len(given) == 2 else given[0].cr
    cursor.execute(DROP_ALL)
