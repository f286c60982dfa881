"""The readers that can be searched: `decoders`, `translation`, and every system of the registry."""

from harness.fuzz.subjects.decoders import DecoderSubject
from harness.fuzz.subjects.translation import TranslationSubject

__all__ = ["DecoderSubject", "TranslationSubject"]
