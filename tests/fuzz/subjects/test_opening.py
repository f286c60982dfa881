"""Readers are opened by what the user calls them."""

from __future__ import annotations

import pytest

from harness.fuzz.subjects import OWN, DecoderSubject, SystemSubject, TranslationSubject, open_subject
from harness.systems.registry import UnknownSystem


def test_our_own_readers_have_names_of_their_own() -> None:
    assert OWN == ("decoders", "translation")
    assert isinstance(open_subject("decoders"), DecoderSubject)
    assert isinstance(open_subject("translation"), TranslationSubject)


def test_every_other_name_is_a_system() -> None:
    subject = open_subject("reference", lane="in-process")
    subject.close()
    assert isinstance(subject, SystemSubject)
    assert (subject.spec, subject.description.name) == ("reference", "reference")


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(UnknownSystem, match="unknown system 'decodrs'"):
        open_subject("decodrs")
