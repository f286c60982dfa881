"""Servers by their streams: counted alike, read back from their file, taken from what lint wrote."""

from __future__ import annotations

import msgspec

from harness.lint.record import LintRecord, StreamRecord
from harness.report.served import Counting, linted_servers, profiles_json, recorded_servers


def test_streams_with_the_same_traits_are_counted_together() -> None:
    counting = Counting("acme", "gemini", "given")
    counting.count({"lines-crlf": 20}, "a.sse#0")
    counting.count({}, "b.sse#0")
    counting.count({"lines-crlf": 9}, "c.sse#0")
    server = counting.server()
    assert [(set(alike.traits), alike.streams, alike.first.words) for alike in server.alike] == [
        ({"lines-crlf"}, 2, "a.sse#0"),
        (set(), 1, "b.sse#0"),
    ]
    assert (server.places["lines-crlf"].words, server.places["lines-crlf"].offset) == ("a.sse#0", 20)
    assert (server.streams, server.having(frozenset({"lines-crlf"}))) == (3, 2)


def test_what_lint_wrote_is_one_server_for_each_provider_and_dialect() -> None:
    def stream(provider: str, dialect: str, traits: dict[str, int]) -> StreamRecord:
        return StreamRecord(
            file="x.sse", exchange=3, dialect=dialect, provider=provider, bytes=9, note="", findings=(), traits=traits
        )

    record = LintRecord(
        streams=(stream("b", "ollama", {"one-line": 0}), stream("a", "gemini", {}), stream("a", "gemini", {}))
    )
    assert [(each.name, each.dialect, each.source, each.streams) for each in linted_servers(record)] == [
        ("a", "gemini", "given", 2),
        ("b", "ollama", "given", 1),
    ]


def test_the_file_of_recorded_servers_says_what_was_counted() -> None:
    counting = Counting("acme", "gemini", "recorded")
    counting.count({"lines-crlf": 20, "one-event": 0}, "a.jsonl#4")
    document = msgspec.json.decode(profiles_json([counting.server()], made="2026-11-21", of="a test"))
    assert document == {
        "format": "harness-servers/1",
        "made": "2026-11-21",
        "of": "a test",
        "traits": ["lines-crlf", "one-event"],
        "servers": [
            {
                "name": "acme",
                "dialect": "gemini",
                "alike": [[[0, 1], 1, "a.jsonl#4"]],
                "places": {"0": ["a.jsonl#4", 20], "1": ["a.jsonl#4", 0]},
            }
        ],
    }


def test_the_recorded_servers_come_with_the_harness() -> None:
    servers = {(each.name, each.dialect): each for each in recorded_servers()}
    assert servers["mistral", "openai-chat"].streams > 100
    assert servers["google", "gemini"].having(frozenset({"lines-crlf"})) > 100
    assert all(each.source == "recorded" and not where.words.startswith("/")
               for each in servers.values() for where in each.places.values())  # fmt: skip
