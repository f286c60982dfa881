"""The kit stands alone, and its events are the house's own."""

from __future__ import annotations

import ast
import dataclasses
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import harness.systems.kit.harness_kit as kit
from harness import events
from harness.systems.kit.harness_kit.worker import _Channel
from harness.systems.protocol import read_line

SOURCES = sorted(Path(kit.__file__).parent.glob("*.py"))

EXAMPLES = [
    kit.Start("id", "model"),
    kit.Text("a", choice=1),
    kit.Reasoning("b", summary=True),
    kit.Signature("s", "redacted", tool_index=1, id="i"),
    kit.Refusal("no"),
    kit.ToolCall(1, "call", "name", "{}"),
    kit.Usage(1, 2, 3, 4, 5),
    kit.Finish("tool_calls", "tool_use"),
    kit.Retry(2, 0.5, "429", 3),
    kit.Other("kind", {"a": [1]}),
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_the_same_event_of_ours(event: kit.Event) -> None:
    ours = events.from_builtins(event.to_json())
    assert type(ours).__name__ == type(event).__name__
    assert {name: getattr(ours, name) for name in ours.__struct_fields__} == dataclasses.asdict(event)


def test_its_events_are_those_of_ours_that_a_client_can_give() -> None:
    ours = {kind.__name__ for kind in get_args(events.AnyEvent)}
    its = {kind.__name__ for kind in kit.Event.__subclasses__()}
    assert ours - its == {"Failure", "Warning"}
    assert its <= ours


@pytest.mark.parametrize("module", SOURCES, ids=lambda path: path.name)
def test_it_imports_nothing_but_the_standard_library(module: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(node.module or "")
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["__init__", "events", "errors", "worker"])
def test_its_core_is_python_3_9(name: str) -> None:
    source = Path(kit.__file__).with_name(f"{name}.py").read_text()
    assert ast.parse(source, feature_version=(3, 9)).body
    with pytest.raises(SyntaxError, match=r"only supported in Python 3\.10"):
        ast.parse(f"{source}\nmatch source:\n    case 1: pass\n", feature_version=(3, 9))


class _WithResponse(Exception):
    def __init__(self, status: int) -> None:
        self.response = type("Response", (), {"status_code": status})()


class APITimeoutError(Exception):
    pass


class RemoteProtocolError(Exception):
    pass


class _Subclass(RemoteProtocolError):
    pass


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (_WithResponse(401), "auth", 401),
        (_WithResponse(404), "not_found", 404),
        (_WithResponse(422), "invalid_request", 422),
        (_WithResponse(429), "rate_limit", 429),
        (_WithResponse(500), "server", 500),
        (_WithResponse(529), "overloaded", 529),
        (_WithResponse(200), "unknown", None),
        (APITimeoutError(), "timeout", None),
        (TimeoutError(), "timeout", None),
        (_Subclass(), "connection", None),
        (ConnectionResetError(), "connection", None),
        (ValueError("x"), "unknown", None),
        (kit.Failed("quota", "spent", 403), "quota", 403),
    ],
)
def test_an_exception_tells_its_kind(error: Exception, kind: str, status: int | None) -> None:
    told = kit.error_of(error)
    assert (told["kind"], told["status"]) == (kind, status)
    msgspec.convert(told, events.ErrorInfo)


def test_the_adapter_has_the_first_word_on_the_kind() -> None:
    assert kit.error_of(_WithResponse(429), lambda error: "quota")["kind"] == "quota"
    assert kit.error_of(_WithResponse(429), lambda error: None)["kind"] == "rate_limit"


def test_what_json_cannot_say_is_said_in_words() -> None:
    sent: list[bytes] = []

    class Out:
        def write(self, line: bytes) -> None:
            sent.append(line)

        def flush(self) -> None:
            pass

    _Channel(Out()).send({"case": "c", "event": kit.Other("odd", {1, 2}).to_json()})  # type: ignore[arg-type]
    assert read_line(sent[0])
