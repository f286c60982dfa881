"""Our own gateway in front of an upstream that speaks `ollama`."""

from harness.systems.bundled._gateway import ReferenceOver

SYSTEM = ReferenceOver("ollama")
