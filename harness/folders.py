"""Where the project's data lies: in a checkout beside the package, in an installed one inside it. Names of files."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def data_folder(name: str, package: Path = _PACKAGE) -> Path:
    """The folder of that name, such as `specs/scenarios`; it need not exist."""
    checkout = package.parent / name
    return checkout if checkout.is_dir() else package / "_data" / name


def plain_name(name: str) -> str:
    """A name that came from outside, such as a provider's in a file, as a name of a file can be."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name[:80])
    return kept.replace("..", "-").strip(".-") or "unknown"
