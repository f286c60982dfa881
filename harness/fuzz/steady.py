"""Keeps Hypothesis from drawing what is written in whatever modules happen to be loaded.

It likes to try integers that stand in the source of the program under test. Which modules of ours are loaded by then
depends on what else a process has done, and a search must ask for the same in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@contextmanager
def steady_draws() -> Iterator[None]:
    """Within it, what is drawn depends on the seed alone. A Hypothesis that has no such habit is left as it is."""
    if not all(hasattr(providers, name) for name in ("_get_local_constants", "CONSTANTS_CACHE")):
        yield
        return
    none, usual = Constants(), providers._get_local_constants
    providers.CONSTANTS_CACHE.cache.clear()
    providers._get_local_constants = lambda: none
    try:
        yield
    finally:
        providers._get_local_constants = usual
        providers.CONSTANTS_CACHE.cache.clear()
