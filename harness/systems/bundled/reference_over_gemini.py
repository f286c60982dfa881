"""Our own gateway in front of an upstream that speaks `gemini`."""

from harness.systems.bundled._gateway import ReferenceOver

SYSTEM = ReferenceOver("gemini")
