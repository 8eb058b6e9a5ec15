"""`python -m hilum` is the `hilum` command."""

from hilum.cli import main

main()
