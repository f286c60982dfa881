"""Our own gateway in front of an upstream that speaks `openai-responses`."""

from harness.systems.bundled._gateway import ReferenceOver

SYSTEM = ReferenceOver("openai-responses")
