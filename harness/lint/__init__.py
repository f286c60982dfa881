"""Is a stream well-formed? Strict, by the tables in `specs/dialects`; what a tolerant reader makes of it is not asked.

The two never share a verdict, and no code but the cutting of bytes into frames. `harness.lint` is this package and the
public function of that name in one: once the package is imported, the import system puts it in the function's place.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.lint.finding import Finding


class _Callable(ModuleType):
    """This package, which is called like the function."""

    def __call__(self, dialect: str, data: bytes) -> list[Finding]:
        from harness.lint.linter import lint

        return lint(dialect, data)


sys.modules[__name__].__class__ = _Callable
