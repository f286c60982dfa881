"""The table of losses is read by target and source, and every word in it is one that somebody knows."""

from __future__ import annotations

from typing import get_args

import pytest
import yaml

from harness.catalogue.expectations import Ending
from harness.catalogue.losses import losses_into
from harness.dialects import dialect_names
from harness.events import ERROR_KINDS, FINISH_REASONS, Usage
from harness.folders import data_folder

TABLE = yaml.safe_load((data_folder("specs") / "losses.yaml").read_text())
FORMS = {"signature", "redacted", "encrypted", "call"}


def test_every_target_has_its_losses() -> None:
    assert set(TABLE) >= set(dialect_names())


@pytest.mark.parametrize("target", dialect_names())
@pytest.mark.parametrize("source", dialect_names())
def test_every_word_is_known(target: str, source: str) -> None:
    losses = losses_into(target, source, with_broken_calls=True)
    assert {*losses.finish, *(word for words in losses.finish.values() for word in words)} <= {*FINISH_REASONS, "null"}
    assert {*losses.errors, *(word for words in losses.errors.values() for word in words)} <= {*ERROR_KINDS}
    assert {*losses.ending, *(word for words in losses.ending.values() for word in words)} <= {*get_args(Ending)}
    assert losses.usage <= {*Usage.__struct_fields__}
    assert losses.signatures <= FORMS


def test_a_loss_arises_only_from_the_dialects_that_it_names() -> None:
    assert losses_into("openai-chat", "anthropic-messages").signatures == {"redacted"}
    assert losses_into("openai-chat", "gemini").signatures == set()
    assert losses_into("gemini", "anthropic-messages").usage == {"cache_write_tokens"}


def test_what_only_broken_calls_bring_about_is_told_apart() -> None:
    assert losses_into("ollama", "openai-chat").ending == {}
    assert losses_into("ollama", "openai-chat", with_broken_calls=True).ending == {"completed": ("failed",)}


def test_a_target_that_nobody_wrote_about_loses_nothing() -> None:
    losses = losses_into("semaphore", "gemini")
    assert (losses.finish, losses.refusal_as_text, losses.first_choice_only) == ({}, False, False)
