"""Proofs that are kept: what was shown once of a body, by the same code, need not be shown again.

A store is a folder that can be shared: it has one file for each version of the code that reads and proves, and in it a
line for each proof, under a digest of the body and of what was asked. Files of one name are merged by joining them.
Only what held is kept: what is broken, or could not be proved, is looked at again.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

import harness
from harness.dialects import dialect_names
from harness.fuzz.proof import LIMIT, Proof, prove

_READERS = ("events.py", "transcript.py", "wire", "dialects", "stack/think_tags.py", "stack/translate")
"""What a stream is read with, below the package's folder."""
_PROVERS = ("proof", "frames_shown", "layers", "plans", "slices", "state")


class _Line(msgspec.Struct, frozen=True):
    key: str
    complete: bool
    note: str
    slices: int


class ProofStore:
    """The proofs of a folder, which is made when the first is kept. Several processes may use it at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{code_digest()[:20]}.jsonl"
        self._known = {line.key: line for line in _lines(self._file)}

    def proof(
        self, dialect: str, body: bytes, *, think_tags: bool = False, target: str | None = None, limit: int = LIMIT
    ) -> Proof:
        """The proof that was kept, or one that is made now and kept. Raises UnknownDialect, and OSError."""
        asked = f"{dialect} {think_tags} {target} {limit} ".encode()
        key = sha256(asked + sha256(body).digest()).hexdigest()[:32]
        line = self._known.get(key)
        if line is None:
            made = prove(dialect, body, think_tags=think_tags, target=target, limit=limit)
            if not made.shown:
                return made
            line = self._known[key] = _Line(key, made.complete, made.note, made.slices)
            self._keep(line)
        return Proof(line.complete, line.note, line.slices)

    def of_decoders(self, dialect: str, body: bytes) -> Proof:
        """The decoder alone, and through the think-tag filter."""
        return together([self.proof(dialect, body), self.proof(dialect, body, think_tags=True)])

    def of_translation(self, dialect: str, body: bytes, targets: Iterable[str] | None = None) -> Proof:
        """The translation into each of `targets`; all in which models are asked, where none are named."""
        names = dialect_names() if targets is None else targets
        return together([self.proof(dialect, body, target=target) for target in names])

    def _keep(self, line: _Line) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


def together(proofs: list[Proof]) -> Proof:
    """Several proofs of one body as one: as strong as the weakest, whose words it has."""
    worst = next((each for each in proofs if not each.shown), None)
    worst = worst or next((each for each in proofs if not each.complete), proofs[0])
    return Proof(worst.complete, worst.note, sum(each.slices for each in proofs), worst.broken, worst.shown)


@cache
def code_digest() -> str:
    """What tells versions of the code apart: of all that reads, of what proves, of Python and its JSON parser."""
    home = Path(harness.__file__).parent
    paths = [home / name for name in _READERS] + [home / "fuzz" / f"{name}.py" for name in _PROVERS]
    files = sorted(file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py")))
    digest = sha256(f"{platform.python_implementation()} {platform.python_version()} {msgspec.__version__}".encode())
    for file in files:
        digest.update(file.relative_to(home).as_posix().encode() + b"\0" + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _lines(file: Path) -> list[_Line]:
    """The proofs of a file. Lines that cannot be read, as one that was cut when a process ended, count for nothing."""
    if not file.is_file():
        return []
    lines: list[_Line] = []
    for raw in file.read_bytes().splitlines():
        try:
            lines.append(msgspec.json.decode(raw, type=_Line))
        except msgspec.MsgspecError:
            continue
    return lines
