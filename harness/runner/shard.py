"""One run spread over several machines: which part of it is done here."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass


class UnknownShard(ValueError):
    """What was given names no shard; the message says how one is written."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number`, counted from 1, of `count`."""

    number: int
    count: int

    def holds(self, *names: str) -> bool:
        """Whether what is called so is done in this part. It depends on these names alone."""
        return zlib.crc32("\0".join(names).encode("utf-8", "replace")) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def read_shard(text: str) -> Shard:
    """`2/4` as a shard. Raises UnknownShard."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UnknownShard(f"{text!r} is no shard: write which part it is and of how many, such as 2/4")
    return Shard(int(found[1]), int(found[2]))
