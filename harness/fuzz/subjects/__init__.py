"""The readers that can be searched: `decoders`, `translation`, and every system of the registry."""

from harness.fuzz.subjects.decoders import DECODERS, DecoderSubject
from harness.fuzz.subjects.opening import OWN, open_subject
from harness.fuzz.subjects.systems import SystemSubject
from harness.fuzz.subjects.translation import TRANSLATION, TranslationSubject

__all__ = ["DECODERS", "OWN", "TRANSLATION", "DecoderSubject", "SystemSubject", "TranslationSubject", "open_subject"]
