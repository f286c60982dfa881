"""Our own gateway in front of an upstream that speaks `openai-chat`."""

from harness.systems.bundled._gateway import ReferenceOver

SYSTEM = ReferenceOver("openai-chat")
