from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.recording.cassette import Cassette, Exchange, RecordedRequest
from harness.recording.play import Miss, Player, dialect_of, differences
from harness.wire.response import Chunk, WireResponse

CHAT = "https://api.openai.com/v1/chat/completions"


def exchange(answer: str, body: object, url: str = CHAT, method: str = "POST") -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(RecordedRequest(method, url, (), raw), WireResponse(200, (), (Chunk(answer.encode()),)))


def player(*exchanges: Exchange) -> Player:
    return Player(Cassette(Path("some.yaml"), exchanges))


def ask(playing: Player, body: object, target: str = "/v1/chat/completions", method: str = "POST") -> str | Miss:
    """The text of the recorded answer, or the miss."""
    found = playing.match(method, target, body if isinstance(body, bytes) else json.dumps(body).encode())
    return found if isinstance(found, Miss) else found.response.body.decode()


def said(*turns: str) -> dict[str, object]:
    roles = ("user", "assistant")
    return {"model": "m", "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]}


def test_equal_requests_are_answered_in_the_order_of_recording_and_the_last_one_stays() -> None:
    playing = player(exchange("429", said("Hi")), exchange("200", said("Hi")))
    assert [ask(playing, said("Hi")) for _ in range(3)] == ["429", "200", "200"]


def test_the_likest_request_is_chosen_whatever_the_order() -> None:
    turns = [said("Weather in Oslo?"), said("Weather in Oslo?", "It is 3 degrees.", "And in Rome tomorrow?")]
    playing = player(exchange("one", turns[0]), exchange("two", turns[1]))
    assert [ask(playing, turns[1]), ask(playing, turns[0]), ask(playing, turns[1])] == ["two", "one", "two"]


def test_the_way_in_which_json_is_written_does_not_matter() -> None:
    playing = player(exchange("one", b'{"a": 1, "model": "m"}'), exchange("two", b'{"a": 2, "model": "m"}'))
    assert ask(playing, b'{"model":"m","a":2}') == "two"


def test_a_long_prompt_may_differ_in_a_word() -> None:
    prompt = "You are a careful assistant. " * 50
    playing = player(exchange("one", said(f"{prompt} Today is Monday.")))
    assert ask(playing, said(f"{prompt} Today is Tuesday.")) == "one"


def test_another_prompt_is_a_miss_that_names_what_differs() -> None:
    playing = player(exchange("one", said("What is the capital of the country called Norway?")))
    miss = ask(playing, {**said("Write a sonnet about the sea, and make it rhyme"), "user": "me"})
    assert isinstance(miss, Miss)
    assert "only" in miss.problem
    assert miss.place == "some.yaml#0"
    assert miss.nearest is not None
    assert miss.nearest.request.url == CHAT
    assert miss.differences == (
        "messages[0].content: recorded 'What is the capital of the country called Norway?', "
        "sent 'Write a sonnet about the sea, and make it rhyme'",
        "user: recorded nothing, sent 'me'",
    )


def test_a_miss_shows_a_few_differences_and_no_more() -> None:
    playing = player(exchange("one", {f"k{n}": "a b c" for n in range(20)}))
    miss = ask(playing, {"k0": ["x"] * 3, "other": "y" * 200})
    assert isinstance(miss, Miss)
    assert len(miss.differences) == 5
    assert all(len(difference) < 200 for difference in miss.differences)


def test_an_endpoint_that_was_not_recorded_is_a_miss_that_names_those_that_were() -> None:
    miss = ask(player(exchange("one", said("Hi"))), said("Hi"), "/v1/messages")
    assert isinstance(miss, Miss)
    assert miss.problem == (
        "POST /v1/messages as a whole answer was not recorded; recorded is POST /v1/chat/completions as a whole answer"
    )
    assert miss.differences == ("path: recorded /v1/chat/completions, sent /v1/messages",)


def test_a_recording_of_the_other_form_is_a_miss_that_says_so() -> None:
    playing = player(exchange("whole", said("Hi")))
    miss = ask(playing, {**said("Hi"), "stream": True})
    assert isinstance(miss, Miss)
    assert miss.differences == (
        "form: recorded a whole answer, asked for a stream",
        "stream: recorded nothing, sent 'true'",
    )
    assert ask(playing, said("Hi")) == "whole"


def test_an_answer_that_is_a_stream_is_played_as_one_whatever_is_left_of_its_request() -> None:
    recorded = exchange("stream", said("Hi"))
    headers = (("content-type", "text/event-stream; charset=utf-8"),)
    playing = player(replace(recorded, response=replace(recorded.response, headers=headers)))
    assert ask(playing, {**said("Hi"), "stream": True}) == "stream"
    assert ask(playing, said("Hi")) == "stream"


def test_a_query_that_shapes_the_answer_is_named_where_it_differs() -> None:
    path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent"
    miss = ask(player(exchange("sse", {}, f"https://x.invalid{path}?alt=sse&key=secret")), {}, path)
    assert isinstance(miss, Miss)
    assert miss.differences == ("query alt: recorded 'sse', sent nothing",)


def test_the_model_that_a_path_names_counts_like_one_in_the_body() -> None:
    paths = [f"/v1beta/models/{name}:generateContent" for name in ("gemini-2.5-pro", "gemini-2.5-flash")]
    body = {"contents": [{"role": "user", "parts": [{"text": "Hello there"}]}]}
    playing = player(*(exchange(path, body, f"https://x.invalid{path}") for path in paths))
    assert [ask(playing, body, path) for path in (paths[1], paths[0], paths[1])] == [paths[1], paths[0], paths[1]]


def test_of_equal_bodies_the_one_with_the_same_headers_is_chosen() -> None:
    def recorded(answer: str, beta: str) -> Exchange:
        plain = exchange(answer, said("Hi"), "https://api.anthropic.com/v1/messages")
        return replace(plain, request=replace(plain.request, headers=(("anthropic-beta", beta),)))

    playing = player(recorded("one", "tools-1"), recorded("two", "tools-2"))
    body = json.dumps(said("Hi")).encode()
    found = playing.match("POST", "/v1/messages", body, [("anthropic-beta", "tools-2")])
    assert not isinstance(found, Miss)
    assert found.response.body == b"two"
    asked = (b"{}", {"anthropic-beta": "tools-9"})
    assert differences(found, "POST", "/v1/messages", *asked)[0] == (
        "header anthropic-beta: recorded 'tools-2', sent 'tools-9'"
    )


def test_what_nothing_asked_for_is_unused() -> None:
    playing = player(
        exchange("one", said("Hi")), exchange("two", said("Bye", "So long")), exchange("three", said("Hi"))
    )
    ask(playing, said("Hi"))
    assert [(each.number, str(each)) for each in playing.unused()] == [
        (1, f"some.yaml#1: POST {CHAT}"),
        (2, f"some.yaml#2: POST {CHAT}"),
    ]
    ask(playing, said("Hi"))
    ask(playing, said("Bye", "So long"))
    assert playing.unused() == ()


def test_several_cassettes_are_played_as_one() -> None:
    ours, theirs = (Cassette(Path(name), (exchange(name, said(name)),)) for name in ("ours", "theirs"))
    playing = Player(ours, theirs)
    assert ask(playing, said("theirs")) == "theirs"
    assert [each.path for each in playing.unused()] == [Path("ours")]


def test_an_empty_cassette_says_so() -> None:
    miss = ask(player(), said("Hi"))
    assert isinstance(miss, Miss)
    assert "empty" in miss.problem
    assert miss.nearest is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.groq.com/openai/v1/chat/completions",
        "https://openrouter.ai/api/v1/chat/completions",
        "https://x.openai.azure.com/openai/deployments/gpt-4/chat/completions?api-version=2024-10-21",
        "http://127.0.0.1:9/c17/v1/chat/completions",
    ],
)
def test_a_providers_prefix_does_not_matter(url: str) -> None:
    assert ask(player(exchange("one", said("Hi"), url)), said("Hi")) == "one"


def test_a_form_of_answer_that_was_not_recorded_is_a_miss() -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent"
    playing = player(exchange("sse", {}, f"{url}?alt=sse&key=secret"))
    path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent"
    assert ask(playing, {}, f"{path}?alt=sse") == "sse"
    assert isinstance(ask(playing, {}, path), Miss)


def test_paths_of_no_dialect_match_by_their_end() -> None:
    playing = player(exchange("models", b"", "https://api.groq.com/openai/v1/models", "GET"))
    assert ask(playing, b"", "/v1/models", "GET") == "models"
    assert isinstance(ask(playing, b"", "/v1/other", "GET"), Miss)
    assert isinstance(ask(playing, b"", "/v1/models", "POST"), Miss)


def test_bodies_that_are_no_json_are_compared_as_text() -> None:
    playing = player(exchange("one", b"a plain body"), exchange("two", b"another body altogether"))
    assert ask(playing, b"another body altogether") == "two"
    assert isinstance(ask(playing, b"\xff\xfe"), Miss)


def test_a_body_that_nests_without_end_is_compared_as_text() -> None:
    assert isinstance(ask(player(exchange("one", said("Hi"))), b"[" * 100_000), Miss)
    assert isinstance(ask(player(exchange("one", said("Hi"))), b"[" * 100_000 + b"]" * 100_000), Miss)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/v1/chat/completions", "openai-chat"),
        ("/api/paas/v4/chat/completions", "openai-chat"),
        ("/v1/responses", "openai-responses"),
        ("/v1/messages?beta=true", "anthropic-messages"),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", "gemini"),
        ("/api/chat", "ollama"),
        ("/v1/models", None),
        ("/", None),
        ("", None),
    ],
)
def test_the_dialect_is_guessed_from_the_path(target: str, name: str | None) -> None:
    assert dialect_of("POST", target) == name
