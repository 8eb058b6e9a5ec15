"""Run what failed in `make test` once more, alone; used by the Makefile.

Some thousand tests on real servers share two cores there, and one of them may find the machine busier than it can bear.
What fails alone too fails. What passes alone is named, so that it is looked at: it is a test that waits for the wrong
thing, or a defect that shows itself now and then. More than a handful is no accident, and is not run again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson

MOST: Final = 5


def failed(cache: Path) -> list[str]:
    """The tests that the last run noted there as failed."""
    noted = cache / "v" / "cache" / "lastfailed"
    return sorted(orjson.loads(noted.read_bytes())) if noted.exists() else []


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where all of them pass alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path, help="pytest's cache_dir of the run")
    again = failed(parser.parse_args(arguments).cache)
    if not 0 < len(again) <= MOST:
        print(f"{len(again)} tests failed: they are not run again.")
        return 1
    code = subprocess.run([sys.executable, "-m", "pytest", "-n", "0", *again], check=False).returncode
    if code == 0:
        print("PASSED ONLY ALONE, look at them:", *again, sep="\n    ")
    return code


if __name__ == "__main__":
    sys.exit(main())
