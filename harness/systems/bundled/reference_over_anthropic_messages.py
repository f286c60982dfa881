"""Our own gateway in front of an upstream that speaks `anthropic-messages`."""

from harness.systems.bundled._gateway import ReferenceOver

SYSTEM = ReferenceOver("anthropic-messages")
