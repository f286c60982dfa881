"""How our readers are built: what the proofs conclude from it holds of every framer, and is not believed of others."""

from __future__ import annotations

from itertools import combinations

import pytest

from harness.dialects.decoding import FrameDecoder, Framing
from harness.dialects.openai_chat.decode import Decoder as ChatDecoder
from harness.events import AnyEvent
from harness.fuzz.layers import Layers, layers_of, waiting
from harness.fuzz.proof import our_reader
from harness.fuzz.slices import walk
from harness.fuzz.state import picture, restored
from harness.stack.think_tags import ThinkingDecoder, ThinkTags
from harness.wire import sse
from harness.wire.blocks import Blocks
from harness.wire.frame import Frame
from tests.fuzz.proved import BODIES, CHAT, chat_with, translates_reads

NAMES = [f"{name}-{place}" for place, (name, _) in enumerate(BODIES)]


def built(name: str) -> Layers:
    layers = layers_of(our_reader(name))
    assert layers is not None
    return layers


@pytest.mark.parametrize(("name", "body"), BODIES, ids=NAMES)
def test_every_slice_of_our_framings_holds(name: str, body: bytes) -> None:
    """The conclusion of the first layer, without its argument."""
    body = body[:260]
    framing = walk(built(name).framing(), body)
    framing.hold(combinations(range(len(body) + 1), 2))
    assert framing.slices == len(body) * (len(body) + 1) // 2


@pytest.mark.parametrize(("name", "body"), BODIES, ids=NAMES)
def test_what_waits_and_what_comes_are_taken_together(name: str, body: bytes) -> None:
    """Joining: from any place, a read does what it does from the last start before with what waits put before it."""
    layers = built(name)
    framing = walk(layers.framing(), body)
    _, last = layers.starts(body)
    for place in range(len(body)):
        waits = waiting(restored(framing.states[place]).framer)
        assert waits >= place - last[place]
        for end in range(place + 1, len(body) + 1, 5):
            here, there = restored(framing.states[place]), restored(framing.states[last[place]])
            assert here.feed(body[place:end]) == there.feed(body[last[place] : end])
            assert picture(here) == picture(there)


@pytest.mark.parametrize(
    ("name", "body", "starts", "in_blocks"),
    [
        ("openai-chat", b"data: 1\n\r\ndata", [0, 8, 9, 10, 14], True),
        ("openai-chat", b'{"a":[1,2]}', [0, 8, 10, 11], True),
        ("gemini", b"\n\ndata: {\n", [0, 3, 10], True),
        ("gemini", b"  [1,2]", [0, 5, 7], True),
        ("gemini", b"\n \n", [0, 3], False),
        ("ollama", b"{}\r\n{}\n\n", [0, 4, 7, 8], True),
        ("anthropic-messages", b"\0\0\0\x10\0\0\0\0", [0, 8], False),
    ],
)
def test_where_what_waits_begins_anew(name: str, body: bytes, starts: list[int], in_blocks: bool) -> None:
    layers = built(name)
    assert layers.starts(body)[0] == starts
    assert layers.has_blocks(body) is in_blocks


def test_the_last_start_of_every_place() -> None:
    assert built("ollama").starts(b"a\nb\nc") == ([0, 2, 4, 5], [0, 0, 2, 2, 4, 4])


class OwnFeed(ChatDecoder):
    """Sees reads by itself."""

    def feed(self, data: bytes) -> list[AnyEvent]:
        return super().feed(data)


class OwnFraming(Framing):
    """Another way from reads to frames."""


class OwnBlocks(Blocks):
    """Another way from reads to blocks."""


class OwnTags(ThinkTags):
    """Another filter."""


class OwnFramer(sse.Framer):
    """Sees reads by itself."""

    def feed(self, data: bytes) -> list[Frame]:
        return super().feed(data)


class WithOwnBlocks(sse.Framer):
    """Given its lines by others."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = OwnBlocks(b"\r\n")


def test_a_reader_that_is_built_otherwise_has_no_layers() -> None:
    framed, patched, filtered = ChatDecoder(), ChatDecoder(), ThinkingDecoder(ChatDecoder())
    framed.framing = OwnFraming(sse.Framer())
    patched._read = lambda frames, out: None  # type: ignore[method-assign]
    filtered.tags = OwnTags()
    others = [OwnFeed(), framed, patched, filtered, ThinkingDecoder(OwnFeed()), translates_reads()]
    others += [chat_with(OwnFramer)(), chat_with(WithOwnBlocks)()]
    assert [layers_of(other) for other in others] == [None] * len(others)


def test_what_our_readers_are_made_of_is_found() -> None:
    plain, filtered, translated = (
        layers_of(our_reader("openai-chat", think_tags=think_tags, target=target))
        for think_tags, target in ((False, None), (True, None), (True, "gemini"))
    )
    assert plain is not None
    assert filtered is not None
    assert translated is not None
    assert (plain.is_decoder, filtered.is_decoder, translated.is_decoder) == (True, False, False)
    assert (plain.is_translation, filtered.is_translation, translated.is_translation) == (False, False, True)
    assert plain.fresh == filtered.fresh == translated.fresh


def test_frames_are_read_by_a_decoder_without_framing_as_with_it() -> None:
    decoder: FrameDecoder = built("openai-chat").decoder()
    whole, alone = decoder.feed(CHAT), built("openai-chat").decoder()
    frames = built("openai-chat").framing().feed(CHAT)
    del alone.framing
    given: list[AnyEvent] = []
    for frame in frames:
        alone._read([frame], given)
    assert given == whole
