"""A record-replay conformance harness for LLM streaming."""

__version__ = "0.1.0"
