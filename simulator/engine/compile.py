"""One decorator for every compiled kernel, and a compile cache that cannot go stale.

Numba's own cache looks at the file of a function only: a change in a callee, a constant or a state number
of another file would go unnoticed. The cache therefore lives in a folder named by a hash of all sources
that kernels can see, so that any change there opens a new folder.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numba
import platformdirs

KERNEL_FOLDERS = ("engine", "rules")
"""Folders of the package whose sources and constants kernels can see."""

KEPT_CACHES = 24
"""Compiled caches of older sources that are kept, for people who switch between versions."""


def cache_root() -> Path:
    """Return the folder of this user and platform in which SinTrata keeps what can be rebuilt."""
    return Path(platformdirs.user_cache_dir("sintrata", appauthor=False))


def source_hash(package: Path) -> str:
    """Return a hash of all kernel sources and constants below ``package``."""
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in KERNEL_FOLDERS:
        for path in sorted((package / folder).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@cache
def kernel_cache() -> Path:
    """Return the folder of the compiled kernels of exactly these sources."""
    parent = cache_root() / "kernels"
    folder = parent / source_hash(Path(__file__).parents[1])
    folder.mkdir(parents=True, exist_ok=True)
    stale = sorted((p for p in parent.iterdir() if p != folder), key=lambda p: p.stat().st_mtime)
    for old in stale[:-KEPT_CACHES]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _compiled[F: Callable[..., Any]](function: F, **options: Any) -> F:
    compiled: Any = numba.njit(nogil=True, **options)(function)
    return cast("F", compiled)


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile a kernel: cached, without the interpreter lock, never with fast mathematics."""
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(kernel_cache())
    try:
        return _compiled(function, cache=True)
    finally:
        settings.CACHE_DIR = before


def inline[F: Callable[..., Any]](function: F) -> F:
    """Compile a small function that only kernels call and that makes no arrays.

    Its caller holds all that it reads, so it need not count references: it would count every array of a group
    of tables at each call, which costs several times what the function does, and more where threads meet.
    """
    return _compiled(function, _nrt=False)


def unroll[F: Callable[..., Any]](function: F) -> F:
    """Compile a small function into its callers' code, so that a loop over it runs in vector registers."""
    return _compiled(function, inline="always")
