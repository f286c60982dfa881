"""Every rule of every dialect: the good stream keeps it, its example breaks it, and where it was broken is said."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pydantic import ValidationError

from harness.dialects import stream_names
from harness.lint.examples import example_body, good_body
from harness.lint.linter import lint
from harness.lint.spec import Spec, UnknownStream, spec, spec_names

RULES = [(name, rule) for name in spec_names() for rule in spec(name).rules]
every_dialect = pytest.mark.parametrize("name", spec_names())


def test_every_dialect_has_rules() -> None:
    assert spec_names() == stream_names()
    assert [spec(name).dialect for name in spec_names()] == list(spec_names())


@every_dialect
def test_the_good_stream_keeps_every_rule(name: str) -> None:
    assert lint(name, good_body(spec(name))) == []


@pytest.mark.parametrize(("name", "rule"), RULES, ids=lambda value: value)
def test_the_example_of_a_rule_breaks_it_and_no_other(name: str, rule: str) -> None:
    body = example_body(spec(name), rule)
    found = lint(name, body)
    assert {finding.rule for finding in found} == {rule}
    assert {finding.level for finding in found} == {spec(name).rules[rule].level}
    assert all(finding.message and 0 <= finding.offset <= len(body) for finding in found)


@every_dialect
def test_every_rule_is_a_sentence_on_somebodys_word(name: str) -> None:
    for rule, said in spec(name).rules.items():
        assert said.says.endswith(".")
        assert spec(name).authority_of(rule).name


@every_dialect
def test_every_authority_says_where_and_when_it_was_read(name: str) -> None:
    for key, authority in spec(name).authorities.items():
        assert authority.read >= date(2026, 11, 21), key
        assert re.match(r"https://|PyPI \S+ \d|npm \S+ \d|\d+ recorded streams|harness/", authority.at), key


def test_an_authority_is_told_with_its_place_and_day() -> None:
    told = spec("anthropic-messages").authorities["changes"].told()
    assert told == (
        "Anthropic's statement on what may change within one version of its API "
        "(https://platform.claude.com/docs/en/api/versioning; read 2026-11-21 in a stored copy)"
    )


def test_a_dialect_without_rules_is_named_with_those_that_have_some() -> None:
    with pytest.raises(UnknownStream, match=r"no rules for 'smoke'; there are for ai-sdk-ui, anthropic"):
        lint("smoke", b"")


def changed(**fields: object) -> dict[str, object]:
    return {**spec("ollama").model_dump(), **fields}


def test_a_rule_that_is_named_must_be_listed() -> None:
    with pytest.raises(ValidationError, match="rules that are named and not listed: nonsense"):
        Spec.model_validate(changed(same={"model": "nonsense"}))


def test_a_rule_that_nothing_breaks_is_refused() -> None:
    with pytest.raises(ValidationError, match="rules that nothing breaks: end-early"):
        Spec.model_validate(changed(checks=[]))


def test_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="'strong' is no type; the types are any, null, string"):
        Spec.model_validate(changed(fields={"chunk": {"model": "strong"}}))
