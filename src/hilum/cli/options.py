"""Options that several commands have, with the same words in the help of each."""

from __future__ import annotations

from typing import Annotated

import typer

Moment = Annotated[str, typer.Option(help="ISO time, or an age such as 2h, 3d.")]
Limit = Annotated[int, typer.Option(help="The most to show.", min=1, max=100_000)]
Rate = Annotated[float, typer.Option(help="Messages a second; 0: as fast as it goes.", min=0.0)]
Background = Annotated[bool, typer.Option("--background", help="Leave it to the running hub.")]
