"""`harness drift`: two folders of recordings, and a provider that is asked anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.recording.cassette import Exchange, load_cassette
from harness.recording.writer import save_cassette
from harness.request import Request
from harness.wire.response import Chunk, WireResponse
from tests.endpoints.recorded import chat, chunk, exchange
from tests.endpoints.vendor import KEY, Vendor, serving

from .conftest import Harness


def keep(folder: Path, name: str, exchanges: Sequence[Exchange]) -> None:
    (folder / name).mkdir()
    save_cassette(folder / name / "text.yaml", exchanges)


@pytest.fixture
def folders(harness: Harness) -> Harness:
    """Older recordings in `old`, as many newer ones with a new field in `new`, and others without end in `broken`."""
    keep(harness.folder, "old", [exchange(chat()) for _ in range(6)])
    keep(harness.folder, "new", [exchange(chat(chunk(service_tier="x"))) for _ in range(6)])
    keep(harness.folder, "broken", [exchange(chat(end=[])) for _ in range(6)])
    return harness


def test_what_clients_rely_on_fails_the_command(folders: Harness) -> None:
    ran = folders("drift", "--against", "old", "--recorded", "broken", status=1)
    assert (
        "breaking: openai-chat: chunk\n    end-marker-changed: streams ended with [DONE], and now with chunk" in ran.out
    )
    assert "    before: 6 of 6; text#0 byte " in ran.out
    assert ran.out.endswith("2 breaking, 0 notable, 0 info; 6 recordings of before, 6 of now\n")


def test_news_do_not(folders: Harness) -> None:
    ran = folders("drift", "--against", "old", "--recorded", "new")
    assert "info: openai-chat: chunk: service_tier\n    field-new: it is new\n" in ran.out
    assert "    before: 0 of 18; without it, text#0 byte 0: {" in ran.out
    assert '    now:    6 of 12; text#0 byte 0: {"service_tier":"x"}\n' in ran.out
    few = folders.inside("drift", "--against", "old", "--recorded", "new", "--least", "notable")
    assert few.out == "0 breaking, 0 notable, 1 info; 6 recordings of before, 6 of now\n"


def test_the_findings_as_json(folders: Harness) -> None:
    ran = folders.inside("drift", "--against", "old", "--recorded", "new", "--json")
    [finding] = json.loads(ran.out)["findings"]
    assert (finding["severity"], finding["rule"], finding["where"]) == ("info", "field-new", "chunk: service_tier")
    assert finding["now"]["place"] == {"file": "text", "exchange": 0, "offset": 0, "excerpt": '{"service_tier":"x"}'}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--against", "old"], "name who is asked anew with --provider, or newer recordings with --recorded DIR"),
        (["--recorded", "new"], "name the older recordings with --against DIR, or the provider"),
        (["--against", "nowhere", "--recorded", "new"], "nowhere: "),
        (["--against", "old", "--recorded", "new", "--least", "all"], "--least is one of breaking, notable, info"),
        (["--against", "old", "--recorded", "new", "--dialect", "gemini"], "old: no recording there is of a dialect"),
        (["--against", "old", "--provider", "nobody"], "nobody"),
        (["--against", "old", "--provider", "openai", "--keep", "new"], "new: holds something already"),
        (["--against", "old", "--provider", "openai", "--max-cost", "inf"], "--max-cost takes US dollars"),
    ],
)
def test_wrong_calls(folders: Harness, arguments: list[str], error: str) -> None:
    assert error in folders.inside("drift", *arguments, status=2).error


def test_an_empty_folder_is_a_wrong_call(folders: Harness) -> None:
    (folders.folder / "empty").mkdir()
    assert (
        "empty: no cassette lies there"
        in folders.inside("drift", "--against", "old", "--recorded", "empty", status=2).error
    )


PROBES = ("--dialect", "openai-chat", "--probe", "text", "--probe", "usage", "--probe", "bad-key", "--probe", "length")


def changed(vendor: Vendor, request: Request) -> WireResponse | None:
    """The vendor after a release: the same answers, and no end marker."""
    right = Vendor(vendor.name)._to(request, "Norway")
    body = right.body.replace(b"data: [DONE]\n\n", b"")
    return WireResponse(right.status, right.headers, (Chunk(body),)) if right.status == 200 else None


def test_a_provider_is_asked_anew(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    room = harness.folder / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    with serving({"v": Vendor("openai-chat")}) as urls:
        asked = ["--provider", "openai", "--base-url", urls["v"], *PROBES]
        harness.inside("record", *asked, "--quiet")
        same = harness.inside("drift", *asked, "--keep", "kept", "--least", "notable")
    assert same.out.startswith("0 breaking, 0 notable")
    assert load_cassette(harness.folder / "kept" / "openai-chat" / "text.yaml").exchanges[0].scenario == "text"
    with serving({"v": Vendor("openai-chat", changed)}) as urls:
        asked = ["--provider", "openai", "--base-url", urls["v"], *PROBES[:-2]]
        other = harness.inside("drift", *asked, "--least", "breaking", status=1)
    assert "[DONE]" in other.out
    assert not list(room.iterdir())


def test_a_provider_that_cannot_be_reached_could_not_be_compared(
    folders: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    asked = ["--provider", "openai", "--base-url", "http://127.0.0.1:1", *PROBES, "--against", "old"]
    ran = folders.inside("drift", *asked, status=3)
    assert "nothing of openai could be recorded" in ran.err
    assert "not asked: openai-chat text: " in ran.err
