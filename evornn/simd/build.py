"""From source to a compiled function, kept on disk for the next process.

The source is written to a real file in the user's cache folder, because Numba caches only
functions that stand in a file. The file's name is the hash of everything the machine code depends
on that Numba does not watch itself: the source and the lanes' and mathematics' own source.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import pathlib
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

import llvmlite
import numba
import platformdirs
from numba.core.caching import FunctionCache

_lock = threading.Lock()


def cache_folder() -> pathlib.Path:
    """Where compiled kernels are kept: $EVORNN_CACHE, else the user's cache folder."""
    chosen = os.environ.get("EVORNN_CACHE")
    return (
        pathlib.Path(chosen or platformdirs.user_cache_dir("evornn", appauthor=False)) / "kernels"
    )


@functools.cache
def _own_source() -> str:
    """A hash of the modules that kernels import: Numba would not notice a change in them."""
    digest = hashlib.sha256()
    for name in ("lanes.py", "math.py", "kernels.py", "pipeline.py"):
        digest.update((pathlib.Path(__file__).parent / name).read_bytes())
    digest.update(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    return digest.hexdigest()


def build(source: str) -> Callable[..., None]:
    """The compiled `run` of a kernel's source; from memory, from disk, or compiled at first call.

    A cache folder that cannot be written is no obstacle: the kernel is compiled for this process
    alone, with a warning.
    """
    name = "evornn_kernel_" + hashlib.sha256((_own_source() + source).encode()).hexdigest()[:20]
    with _lock:
        if name not in sys.modules:
            try:
                _import(name, _written(name, source.format(cache=True)))
            except (OSError, RuntimeError) as error:  # RuntimeError: Numba found no place for it
                _warn(error, stacklevel=3)
                _import_uncached(name, source.format(cache=False))
        run: Callable[..., None] = sys.modules[name].run
        return run


def _warn(error: Exception, stacklevel: int) -> None:
    warnings.warn(
        f"Kernels are compiled anew in every process, because {cache_folder()} cannot be written "
        f"({getattr(error, 'strerror', None) or error}); set EVORNN_CACHE to one that can",
        RuntimeWarning,
        stacklevel=stacklevel,
    )


class _Cache(FunctionCache):
    """Numba's cache of one kernel, where a damaged file is as good as none, and a full disk too."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel, or None if it has to be compiled."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # what a damaged pickle raises can be nearly anything
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled kernel, if that is possible."""
        try:
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # the index is damaged: begin a new one
                self.flush()
                super().save_overload(sig, data)
        except OSError as error:
            _warn(error, stacklevel=2)


def _written(name: str, text: str) -> pathlib.Path:
    """The file with the given text; written to a temporary name and renamed."""
    folder = cache_folder()
    path = folder / f"{name}.py"
    if path.is_file() and path.read_bytes() == text.encode():
        return path  # rewriting would change its date, and Numba would compile again
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    os.replace(temporary, path)
    return path


def _import(name: str, path: pathlib.Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OSError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: a cached kernel looks its module up by name
    try:
        spec.loader.exec_module(module)
        module.run._cache = _Cache(module.run.py_func)
    except BaseException:
        del sys.modules[name]
        raise


def _import_uncached(name: str, text: str) -> None:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)
