"""The files of a project as Python modules: each is loaded once, also where others import it by its name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_loaded: dict[str, ModuleType] = {}
"""What the project that was read last has in `sys.modules`."""


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Within it, the files of this folder import each other by their names.

    They come last: no file takes the place of a library that has its name. What was read of a project before is not
    found by its names any more; who has it goes on with it.
    """
    for name, module in _loaded.items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
    _loaded.clear()
    before = set(sys.modules)
    importlib.invalidate_caches()  # a file that was written in this moment
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        inside = folder.resolve()
        _loaded.update({
            name: sys.modules[name] for name in set(sys.modules) - before if inside in _path_of(name).parents
        })  # fmt: skip


def module_of(path: Path) -> ModuleType:
    """The module of a file within `importable`. Raises whatever the file raises when it is loaded."""
    name = path.stem
    if name in sys.modules:
        if _path_of(name) == path.resolve():
            return sys.modules[name]
    elif name.isidentifier():
        found = importlib.util.find_spec(name)
        if found is not None and Path(found.origin or "").resolve() == path.resolve():
            return importlib.import_module(name)
    return _under_a_name_of_its_own(path)


def _under_a_name_of_its_own(path: Path) -> ModuleType:
    """A file that has the name of a library, or none that Python could say."""
    name = f"hilum_project_{path.stem}_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be read as Python")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _path_of(name: str) -> Path:
    """Where the file of a loaded module is; of one without a file, nowhere."""
    return Path(getattr(sys.modules[name], "__file__", None) or "/").resolve()
