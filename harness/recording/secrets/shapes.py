"""The shapes of the keys that model providers, clouds and the services around them give out.

Every shape is found by a few letters that all such keys have (searching for plain letters is fast), and then by its
pattern. A key begins where no letter of a key stands before it: what is found in the middle of a longer run is part of
something else, such as an id or a signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.recording.secrets.randomness import is_varied

_KEY_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_EXAMPLES = (b"EXAMPLE",)
"""What the keys in a cloud's own documents end with."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one issuer: letters that all have, how far into the key they stand, and the whole key's pattern."""

    name: str
    mark: bytes
    pattern: re.Pattern[bytes]
    lead: int = 0

    def found(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where keys of this shape stand."""
        at = data.find(self.mark)
        while at >= 0:
            end = at + len(self.mark)
            start = at - self.lead
            if start >= 0 and (start == 0 or data[start - 1] not in _KEY_LETTERS):
                found = self.pattern.match(data, start)
                if found and _is_key(found[0], self.mark):
                    yield found.span()
                    end = found.end()
            at = data.find(self.mark, end)


def _is_key(text: bytes, mark: bytes) -> bool:
    return is_varied(text.replace(mark, b"", 1)) and not text.endswith(_EXAMPLES)


def _shape(name: str, mark: str, rest: str, lead: str = "", length: int = 0) -> Shape:
    pattern = re.compile((lead + re.escape(mark) + rest).encode(), re.ASCII)
    return Shape(name, mark.encode(), pattern, length)


_W = r"[A-Za-z0-9_-]"
_A = r"[A-Za-z0-9]"
_H = r"[0-9a-f]"

SHAPES: tuple[Shape, ...] = (
    # Providers of models.
    _shape("sk-key", "sk-", rf"{_W}{{20,}}"),  # OpenAI, Anthropic, OpenRouter, DeepSeek, Moonshot, Alibaba, LiteLLM
    _shape("openai-session", "sess-", rf"{_A}{{32,}}"),
    _shape("google-key", "AIza", rf"{_W}{{35,}}"),
    _shape("google-key", "AQ.", rf"{_W}{{40,}}"),
    _shape("google-oauth", "ya29.", rf"{_W}{{20,}}"),
    _shape("google-oauth", "GOCSPX-", rf"{_W}{{20,}}"),
    _shape("google-refresh", "1//0", rf"{_W}{{30,}}"),
    _shape("groq-key", "gsk_", rf"{_A}{{20,}}"),
    _shape("xai-key", "xai-", rf"{_A}{{40,}}"),
    _shape("together-key", "tgp_v1_", rf"{_W}{{20,}}"),
    _shape("fireworks-key", "fw_", rf"{_A}{{20,}}"),
    _shape("cerebras-key", "csk-", rf"{_A}{{20,}}"),
    _shape("perplexity-key", "pplx-", rf"{_A}{{20,}}"),
    _shape("huggingface-token", "hf_", rf"{_A}{{30,}}"),
    _shape("huggingface-token", "api_org_", rf"{_A}{{30,}}"),
    _shape("replicate-token", "r8_", rf"{_A}{{30,}}"),
    _shape("nvidia-key", "nvapi-", rf"{_W}{{40,}}"),
    _shape("voyage-key", "pa-", rf"{_W}{{43,}}"),
    _shape("jina-key", "jina_", rf"{_W}{{40,}}"),
    _shape("elevenlabs-key", "sk_", rf"{_H}{{40,}}"),
    _shape("bedrock-key", "ABSK", r"[A-Za-z0-9+/]{80,}={0,2}"),
    _shape("bedrock-key", "bedrock-api-key-", r"[A-Za-z0-9+/=]{40,}"),
    _shape("azure-key", "JQQJ99", rf"{_A}{{20,}}", rf"{_A}{{52}}", 52),
    _shape("zai-key", ".", rf"{_A}{{16}}(?![A-Za-z0-9_-])", rf"{_H}{{32}}", 32),
    _shape("vercel-key", "vck_", rf"{_A}{{20,}}"),
    _shape("langsmith-key", "lsv2_", rf"(?:pt|sk)_{_H}{{32}}_{_H}{{10}}"),
    _shape("langfuse-key", "pk-lf-", rf"{_H}{{8}}-{_W}{{20,}}"),
    _shape("tavily-key", "tvly-", rf"{_W}{{20,}}"),
    _shape("pinecone-key", "pcsk_", rf"{_W}{{40,}}"),
    # Clouds.
    *(_shape("aws-key-id", mark, r"[A-Z2-7]{16}(?![A-Za-z0-9])") for mark in ("AKIA", "ASIA", "ABIA", "ACCA")),
    _shape("aws-session-token", "IQoJb3JpZ2lu", r"[A-Za-z0-9+/]{100,}={0,2}"),
    _shape("aws-session-token", "FwoGZXIvYXdz", r"[A-Za-z0-9+/]{100,}={0,2}"),
    _shape("azure-secret", "Q~", r"[A-Za-z0-9~._-]{31,34}(?![A-Za-z0-9~._-])", r"[A-Za-z0-9~._-]{3}\d", 4),
    _shape("azure-storage-key", "AccountKey=", r"[A-Za-z0-9+/]{60,}={0,2}"),
    _shape("digitalocean-token", "do", rf"[opr]_v1_{_H}{{64}}"),
    _shape("databricks-token", "dapi", rf"{_H}{{32}}(?:-\d)?(?![A-Za-z0-9])"),
    # Services that keys of are often at hand where models are called.
    *(_shape("github-token", f"gh{kind}_", rf"{_A}{{36,}}") for kind in "pousr"),
    _shape("github-token", "github_pat_", r"[A-Za-z0-9_]{40,}"),
    _shape("gitlab-token", "glpat-", rf"{_W}{{20,}}"),
    *(_shape("slack-token", f"xox{kind}-", r"[A-Za-z0-9-]{20,}") for kind in "abeoprs"),
    _shape("slack-token", "xapp-", r"[A-Za-z0-9-]{30,}"),
    _shape("slack-webhook", "hooks.slack.com/services/", r"[A-Za-z0-9/]{20,}"),
    _shape("discord-webhook", "/api/webhooks/", rf"\d{{15,}}/{_W}{{40,}}"),
    *(_shape("stripe-key", f"{kind}_{mode}_", rf"{_A}{{16,}}") for kind in ("sk", "rk") for mode in ("live", "test")),
    _shape("sendgrid-key", "SG.", rf"{_W}{{16,}}\.{_W}{{32,}}"),
    _shape("npm-token", "npm_", rf"{_A}{{36}}"),
    _shape("pypi-token", "pypi-", rf"{_W}{{50,}}"),
    _shape("vault-token", "hvs.", rf"{_W}{{24,}}"),
    _shape("jwt", "eyJ", rf"{_W}{{10,}}\.eyJ{_W}{{10,}}\.{_W}{{10,}}"),
    _shape("private-key", "-----BEGIN ", r"[A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]{40,}"),
    _shape("age-key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{40,}"),
)
