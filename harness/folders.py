"""Where the project's data lies: in a checkout beside the package, in an installed package inside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def data_folder(name: str, package: Path = _PACKAGE) -> Path:
    """The folder of that name, such as `specs/scenarios`; it need not exist."""
    checkout = package.parent / name
    return checkout if checkout.is_dir() else package / "_data" / name
