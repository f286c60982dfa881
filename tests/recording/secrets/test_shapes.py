"""Keys are known by their shape, and what merely looks a little like one is left alone."""

from __future__ import annotations

import pytest

from harness.recording.secrets.search import Search

A40 = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7bC9d"
H32 = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
H64 = H32 + H32[::-1]

KEYS = {
    "sk-key": ["sk-" + A40, "sk-proj-" + A40, "sk-ant-api03-" + A40 + "-AA", "sk-or-v1-" + H64],
    "google-key": ["AIza" + "SyB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5z"],
    "groq-key": ["gsk_" + A40],
    "xai-key": ["xai-" + A40 + A40],
    "huggingface-token": ["hf_" + A40[:34]],
    "perplexity-key": ["pplx-" + A40],
    "fireworks-key": ["fw_" + A40[:24]],
    "cerebras-key": ["csk-" + A40],
    "nvidia-key": ["nvapi-" + A40 + A40[:20]],
    "replicate-token": ["r8_" + A40[:37]],
    "elevenlabs-key": ["sk_" + H64[:48]],
    "zai-key": [H32 + "." + A40[:16]],
    "azure-key": [A40 + A40[:12] + "JQQJ99" + A40[:26]],
    "aws-key-id": ["AKIA" + "2B3C4D5E6F7GQRST"],
    "github-token": ["ghp_" + A40[:36], "github_pat_" + A40 + "_" + A40],
    "slack-token": ["xoxb-" + "1234567890-" + A40],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + A40],
    "private-key": ["-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0qJDr5ZbVJH\n"],
    "stripe-key": ["sk_live_" + A40[:24]],
    "npm-token": ["npm_" + A40[:36]],
}


@pytest.mark.parametrize(("rule", "key"), [(rule, key) for rule, keys in KEYS.items() for key in keys])
def test_a_key_is_found_in_a_sentence_and_in_json(rule: str, key: str) -> None:
    for text in (f"The key is {key} or so", f'{{"content": "{key}"}}', f"({key})"):
        assert rule in {hit.rule for hit in Search().hits(text.encode())}


HARMLESS = [
    "sk-test",
    "sk-your-key-here",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-************************",
    "task-" + A40,
    "risk-aversion-and-the-like-of-it",
    "AKIAIOSFODNN7EXAMPLE",
    "chatcmpl-" + A40[:29],
    "msg_01" + A40[:22],
    "toolu_01" + A40[:22],
    "resp_" + H64[:50],
    "call_" + A40[:24],
    "req_011" + A40[:20],
    "fp_" + H32[:10],
    "gen-1763700000-" + A40[:20],
    "https://example.invalid/" + H32 + ".html",
    "-----BEGIN CERTIFICATE-----\n" + A40,
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_key_is_left_alone(text: str) -> None:
    assert Search().hits(f'{{"content": "{text}"}}'.encode()) == []
