"""Every rule of every dialect: the good stream keeps it, its example breaks it, and where it was broken is said."""

from __future__ import annotations

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
def test_the_example_of_a_rule_breaks_it(name: str, rule: str) -> None:
    body = example_body(spec(name), rule)
    found = [finding for finding in lint(name, body) if finding.rule == rule]
    assert found
    assert {finding.level for finding in found} == {spec(name).rules[rule].level}
    assert all(finding.message and 0 <= finding.offset <= len(body) for finding in found)


@every_dialect
def test_an_example_that_breaks_a_lesser_rule_breaks_no_must(name: str) -> None:
    alone = {
        rule: {finding.rule for finding in lint(name, example_body(spec(name), rule)) if finding.level == "must"}
        for rule, listed in spec(name).rules.items()
        if listed.level != "must"
    }
    assert {rule: broken for rule, broken in alone.items() if broken} == {}


@every_dialect
def test_every_rule_is_a_sentence_on_somebodys_word(name: str) -> None:
    tables = spec(name)
    for rule in tables.rules.values():
        assert rule.says.endswith(".")
        assert tables.authorities[rule.by]


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
