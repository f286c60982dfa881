from __future__ import annotations

import pytest

from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Response
from harness.catalogue.render import render_response
from harness.dialects import dialect
from harness.fuzz.literal import literal_response
from harness.fuzz.neutral import neutral_variants
from harness.fuzz.stream import catalogue_streams


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama"])
def test_every_variant_can_be_written_as_a_scenario_and_is_then_the_same_on_the_wire(name: str) -> None:
    (stream,) = catalogue_streams([load_catalogue().get("canary/plain-text")], [name])
    for variant in neutral_variants(stream, 3):
        written = Response.model_validate(literal_response(variant.response, name))
        again = render_response(written, dialect(name))
        assert again.body == variant.response.body, variant.words
        assert again.header_case == variant.response.header_case
        assert [coding for coding, _ in again.codings] == [coding for coding, _ in variant.response.codings]
