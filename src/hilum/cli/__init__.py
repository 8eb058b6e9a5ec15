"""The `hilum` command: everything an engineer does with a hub, in words or, with `--json`, for machines."""

from hilum.cli.app import app, main

__all__ = ["app", "main"]
