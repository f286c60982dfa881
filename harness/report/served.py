"""Servers by what their streams were seen to do: recorded ones, linted ones, and the gateways of a run.

Streams of one server that have the same traits are counted together. Nothing is said of what was not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias

import msgspec

from harness.folders import data_folder
from harness.lint.record import LintRecord

Source: TypeAlias = Literal["recorded", "given", "gateway"]

SOURCE_WORDS: Mapping[Source, str] = {
    "recorded": "published recordings",
    "given": "recordings that were given",
    "gateway": "what this gateway sent to our client",
}


@dataclass(frozen=True, slots=True)
class Where:
    """Where a stream is: in words, with the byte of its body; `href` of a cell, from the site's root, or empty."""

    words: str
    offset: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Streams of one server with the same traits: how many, and where the first of them is."""

    traits: frozenset[str]
    streams: int
    first: Where


@dataclass(frozen=True, slots=True)
class Server:
    """One server in one dialect. `places` says where each trait was seen first."""

    name: str
    dialect: str
    source: Source
    alike: tuple[Alike, ...]
    places: Mapping[str, Where] = field(default_factory=dict)
    version: str = ""
    """Of a gateway."""
    upstream: str = ""
    """Of a gateway: the dialect that it reads."""

    @property
    def streams(self) -> int:
        """How many streams were seen."""
        return sum(each.streams for each in self.alike)

    def having(self, traits: frozenset[str]) -> int:
        """How many streams have all of these traits."""
        return sum(each.streams for each in self.alike if traits <= each.traits)


@dataclass(slots=True)
class Counting:
    """Streams of one server while they are counted."""

    name: str
    dialect: str
    source: Source
    groups: dict[frozenset[str], tuple[int, Where]] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)

    def count(self, traits: Mapping[str, int], words: str, href: str = "") -> None:
        """One more stream with these traits, each with its first byte."""
        key = frozenset(traits)
        streams, first = self.groups.get(key, (0, Where(words, 0, href)))
        self.groups[key] = (streams + 1, first)
        for trait, offset in traits.items():
            self.places.setdefault(trait, Where(words, offset, href))

    def server(self, *, version: str = "", upstream: str = "") -> Server:
        """What was counted; of a gateway with its version and the dialect that it reads."""
        groups = sorted(self.groups.items(), key=lambda item: (-item[1][0], sorted(item[0])))
        alike = tuple(Alike(traits, streams, first) for traits, (streams, first) in groups)
        return Server(self.name, self.dialect, self.source, alike, self.places, version, upstream)


def linted_servers(record: LintRecord) -> tuple[Server, ...]:
    """The endpoints of a lint record as servers, by dialect and name."""
    counted: dict[tuple[str, str], Counting] = {}
    for stream in record.streams:
        key = (stream.dialect, stream.provider)
        one = counted.setdefault(key, Counting(stream.provider, stream.dialect, "given"))
        one.count(stream.traits, f"{stream.file}#{stream.exchange}")
    return tuple(counted[key].server() for key in sorted(counted))


class _Group(msgspec.Struct, frozen=True, array_like=True):
    traits: tuple[int, ...]
    streams: int
    first: str


class _Profile(msgspec.Struct, frozen=True):
    name: str
    dialect: str
    alike: tuple[_Group, ...]
    places: dict[str, tuple[str, int]]
    """By the trait's number: a stream that has it, and the byte."""


class _Profiles(msgspec.Struct, frozen=True):
    format: Literal["harness-servers/1"]
    made: str
    of: str
    traits: tuple[str, ...]
    servers: tuple[_Profile, ...]


@cache
def recorded_servers() -> tuple[Server, ...]:
    """The servers of published recordings that come with the harness, by dialect and name."""
    data = (data_folder("specs/servers") / "recorded.json").read_bytes()
    profiles = msgspec.json.decode(data, type=_Profiles)
    return tuple(_server(each, profiles.traits) for each in profiles.servers)


def _server(profile: _Profile, names: Sequence[str]) -> Server:
    alike = tuple(
        Alike(frozenset(names[number] for number in each.traits), each.streams, Where(each.first))
        for each in profile.alike
    )
    places = {names[int(number)]: Where(words, offset) for number, (words, offset) in profile.places.items()}
    return Server(profile.name, profile.dialect, "recorded", alike, places)


def profiles_json(servers: Iterable[Server], *, made: str, of: str) -> bytes:
    """The file that `recorded_servers` reads. `made` is a date, `of` says in words what was counted."""
    every = sorted(servers, key=lambda each: (each.dialect, each.name))
    names = sorted({trait for each in every for alike in each.alike for trait in alike.traits})
    numbers = {name: number for number, name in enumerate(names)}
    profiles = tuple(
        _Profile(
            each.name,
            each.dialect,
            tuple(_Group(tuple(sorted(numbers[t] for t in a.traits)), a.streams, a.first.words) for a in each.alike),
            {str(numbers[trait]): (where.words, where.offset) for trait, where in sorted(each.places.items())},
        )
        for each in every
    )
    return msgspec.json.encode(_Profiles("harness-servers/1", made, of, tuple(names), profiles)) + b"\n"
