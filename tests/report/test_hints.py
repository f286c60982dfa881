"""Hints: one for every check and kind, about programs in general, never about one of the systems."""

from __future__ import annotations

import re

import pytest

from harness.catalogue.checks import CHECKS
from harness.catalogue.findings import FAILURE_KINDS, FailureKind, Finding
from harness.report.hints import BY_CHECK, BY_KIND, Hint, fix_hint
from harness.systems.registry import bundled_names

ALL_HINTS = [*BY_CHECK.values(), *BY_KIND.values()]


def finding(check: str, kind: FailureKind) -> Finding:
    return Finding(kind, check, "ending", False, "it broke")


def test_the_check_and_its_kind_say_more_than_the_check_and_that_more_than_the_kind() -> None:
    assert "half of it for the whole" in fix_hint(finding("ending-as-it-was", "silent-truncation")).cause
    assert "`retry-after-ms`" in fix_hint(finding("waits-kept", "retry")).look_at
    assert fix_hint(finding("a-check-of-tomorrow", "hang")) == BY_KIND["hang"]


def test_every_check_has_a_hint_of_its_own() -> None:
    named = {check for check, _ in BY_CHECK}
    assert {check.slug for check in CHECKS} - named == set()
    assert named - {check.slug for check in CHECKS} == set()


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_every_kind_has_a_hint(kind: FailureKind) -> None:
    assert fix_hint(finding("none", kind)).cause.endswith(".")


@pytest.mark.parametrize("hint", ALL_HINTS, ids=lambda hint: hint.cause[:40])
def test_a_hint_is_short_and_names_no_system(hint: Hint) -> None:
    words = str(hint)
    assert len(words) < 340 and "\n" not in words and "  " not in words
    named = [name for name in bundled_names() if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words)]
    assert named == []
