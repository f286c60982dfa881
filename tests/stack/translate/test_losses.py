"""The table of losses, and the page that is made of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import harness
from harness.dialects import stream_names
from harness.stack.translate.table import losses, losses_between, page

from .gists import RULES

ROOT = Path(harness.__file__).parent
FINISHES = ("stop", "length", "tool_calls", "content_filter", "refusal", "pause", "context_overflow", "other", "null")
EFFECTS = {
    "finish", "usage", "signatures", "refusal", "choices", "arguments", "ids", "head", "calls", "of_failed", "extras",
    "ending", "errors", "error",
}  # fmt: skip


def test_the_page_is_that_of_the_table() -> None:
    assert (ROOT.parent / "docs" / "losses.md").read_text() == page(), (
        "run python -m harness.stack.translate.table > docs/losses.md"
    )


@pytest.mark.parametrize("target", stream_names())
def test_every_dialect_has_its_losses_in_words_that_the_table_explains(target: str) -> None:
    entries = losses(target).values()
    assert entries
    for loss in entries:
        assert loss.what.endswith(".") and set(loss.arises_from) <= set(stream_names())
        assert set(loss.effects) <= EFFECTS
        assert set(loss.effects.get("finish", {})) <= set(FINISHES)


def test_a_pair_has_those_of_its_target_that_its_source_can_give() -> None:
    assert [loss.slug for loss in losses_between("ollama", "anthropic-messages")][:2] == [
        "finish-reason",
        "finish-missing",
    ]
    assert "redacted-reasoning" in [loss.slug for loss in losses_between("anthropic-messages", "openai-chat")]
    assert "redacted-reasoning" not in [loss.slug for loss in losses_between("gemini", "openai-chat")]


def slugs(path: Path) -> set[str]:
    """The names that a module gives to `Loss(...)` or `_lose(...)`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {"Loss", "_lose"}
    named = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in names and call.args]
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


@pytest.mark.parametrize("target", stream_names())
def test_what_an_encoder_calls_a_loss_stands_in_the_table(target: str) -> None:
    said = slugs(ROOT / "dialects" / target.replace("-", "_") / "encode.py")
    assert said - set(losses(target)) == set()


def test_what_the_stream_writer_calls_a_loss_stands_in_the_table() -> None:
    own = slugs(ROOT / "stack/translate/stream.py") | slugs(ROOT / "stack/translate/calls.py")
    assert own == {
        "after-error", "arguments-empty", "arguments-respelled", "call-order", "end-of-failed",
        "error-kind", "extras", "finish-missing", "reasoning-summary",
        "response-id", "tool-call-id-late", "tool-call-id-made",
    }  # fmt: skip
    assert own <= {slug for target in stream_names() for slug in losses(target)}


def test_every_loss_that_a_recording_may_have_has_a_rule_of_its_own() -> None:
    known = {slug for target in stream_names() if target != "ai-sdk-ui" for slug in losses(target)}
    about_broken_calls = {"tool-call-closed", "tool-call-name-late", "tool-call-name-missing"}
    assert known - about_broken_calls == set(RULES)
