"""HAR files: three that mitmproxy and Playwright really wrote, and hand-made ones for what browsers do besides."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.recording.golden import Undecoded, decoded
from harness.recording.importers.imported import Imported, UnreadableImport, Wishes
from harness.recording.importers.recognise import import_file

MINIATURES = Path(__file__).parent / "miniatures"
URL = "https://api.example.com/v1/chat/completions"
ASKED = '{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
CHUNK = (
    '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":"stop"}]}'
)
STREAM = f"data: {CHUNK % 'Hé'}\n\ndata: [DONE]\n\n"
SSE = {"name": "content-type", "value": "text/event-stream; charset=utf-8"}


def entry(**changes: Any) -> dict[str, Any]:
    """An entry as Chrome writes it; `response`, `content` and `request` change those parts."""
    content = {"size": len(STREAM.encode()), "mimeType": "text/event-stream", "text": STREAM}
    response = {"status": 200, "statusText": "", "headers": [SSE], "content": content | changes.get("content", {})}
    asked = {"method": "POST", "url": URL, "headers": [], "postData": {"mimeType": "application/json", "text": ASKED}}
    return {
        "startedDateTime": "2026-11-21T13:00:00.250+01:00",
        "timings": {"blocked": 3, "send": 1, "wait": 119, "receive": 80.5, "ssl": -1},
        "request": asked | changes.get("request", {}),
        "response": response | changes.get("response", {}),
        **changes.get("entry", {}),
    }


def read(folder: Path, *entries: Any, wishes: Wishes | None = None) -> Imported:
    path = folder / "capture.har"
    path.write_text(json.dumps({"log": {"creator": {"name": "WebInspector"}, "entries": list(entries)}}))
    return import_file(path, wishes or Wishes())


def text_of(imported: Imported) -> str:
    (exchange,) = imported.exchanges
    transcript = decoded(exchange)
    assert not isinstance(transcript, Undecoded)
    return str(transcript.to_dict()["text"])


@pytest.mark.parametrize("name", ["mitmproxy.har", "playwright.har", "playwright.zip"])
def test_what_real_recorders_wrote_is_read_with_its_umlauts_mended(name: str) -> None:
    plain, packed, busy = import_file(MINIATURES / name, Wishes()).exchanges
    assert [exchange.response.status for exchange in (plain, packed, busy)] == [200, 200, 429]
    assert plain.response.body == packed.response.body
    assert len(plain.response.body) == 500
    assert "Héllo".encode() in plain.response.body
    assert " wörld 👋".encode() in plain.response.body
    assert plain.note is not None
    assert "mended" in plain.note
    assert packed.response.header("content-encoding") is None
    assert "gzip" in str(packed.note)
    assert busy.response.header("retry-after") == "2"
    assert json.loads(plain.request.body)["model"] == "test-model"


@pytest.mark.parametrize(
    ("name", "form", "left"),
    [("mitmproxy.har", "HAR of mitmproxy", 1), ("playwright.har", "HAR of Playwright", 2)],
)
def test_what_is_left_out_is_said(name: str, form: str, left: int) -> None:
    imported = import_file(MINIATURES / name, Wishes())
    assert imported.form == form
    assert any("left out: 1 of" in note and "bodies the archive does not hold" in note for note in imported.notes)
    assert any(f"left out: {left} of" in note and "--all takes them" in note for note in imported.notes)


def test_headers_times_and_moment_are_kept(tmp_path: Path) -> None:
    headers = [
        {"name": ":status", "value": "200"},
        {"name": "X-Id", "value": "7"},
        {"name": "Set-Cookie", "value": "a\nb"},
    ]
    pseudo = [{"name": ":authority", "value": "api.example.com"}, {"name": "Accept", "value": "*/*"}]
    (exchange,) = read(tmp_path, entry(response={"headers": headers}, request={"headers": pseudo})).exchanges
    assert exchange.response.headers == (("x-id", "7"), ("set-cookie", "a"), ("set-cookie", "b"))
    assert exchange.request.headers == (("accept", "*/*"),)
    assert exchange.recorded_at == "2026-11-21T12:00:00.250Z"
    assert exchange.response.before_head_s == pytest.approx(0.12)
    assert [chunk.pause_s for chunk in exchange.response.chunks] == [pytest.approx(0.0805)]


def test_base64_contents_are_bytes(tmp_path: Path) -> None:
    content = {"text": base64.b64encode(STREAM.encode()).decode(), "encoding": "base64"}
    assert text_of(read(tmp_path, entry(content=content))) == "Hé"


def test_true_umlauts_are_left_as_they_are(tmp_path: Path) -> None:
    imported = read(tmp_path, entry(response={"headers": [{"name": "content-type", "value": "text/event-stream"}]}))
    assert text_of(imported) == "Hé"
    assert "mended" not in str(imported.exchanges[0].note)


def test_text_that_only_looks_misread_stays_where_a_charset_is_named(tmp_path: Path) -> None:
    body = f"data: {CHUNK % 'HÃ©'}\n\n"
    assert text_of(read(tmp_path, entry(content={"text": body, "size": len(body.encode())}))) == "HÃ©"


def test_a_coding_that_the_archive_undid_is_gone_and_one_that_it_left_stays(tmp_path: Path) -> None:
    headers = [SSE, {"name": "content-encoding", "value": "br"}]
    imported = read(tmp_path, entry(response={"headers": headers}))
    assert imported.exchanges[0].response.header("content-encoding") is None
    assert text_of(imported) == "Hé"
    packed = {"text": base64.b64encode(b"\x8b\xff\x00").decode(), "encoding": "base64", "size": 3}
    [exchange] = read(tmp_path, entry(response={"headers": headers}, content=packed)).exchanges
    assert exchange.response.header("content-encoding") == "br"
    assert exchange.response.body == b"\x8b\xff\x00"


def test_websockets_and_other_requests_are_left_out(tmp_path: Path) -> None:
    socket = entry(entry={"_webSocketMessages": [{"type": "send", "data": "hi"}]})
    picture = entry(request={"method": "GET", "url": "https://example.com/x.png"}, response={"headers": []})
    imported = read(tmp_path, socket, picture, entry())
    assert len(imported.exchanges) == 1
    assert imported.notes[0] == "left out: 1 of 3 entries, websockets"
    assert imported.notes[1].startswith("left out: 1 of 3 entries, not of a model's endpoint")


def test_everything_is_taken_where_it_is_wished(tmp_path: Path) -> None:
    page = entry(
        request={"method": "GET", "url": "https://example.com/"},
        response={"headers": []},
        content={"text": "<html>", "size": 6, "mimeType": "text/html"},
    )
    assert len(read(tmp_path, page).exchanges) == 0
    assert len(read(tmp_path, page, wishes=Wishes(everything=True)).exchanges) == 1
    assert len(read(tmp_path, entry(), wishes=Wishes(dialect="gemini")).exchanges) == 0


def test_a_content_that_was_cut_off_is_no_whole_answer(tmp_path: Path) -> None:
    content = {"text": STREAM[:40], "size": 5000}
    (exchange,) = read(tmp_path, entry(content=content)).exchanges
    assert exchange.response.ending == "cancelled"
    assert "the archive holds 40 of 5000 bytes" in str(exchange.note)


def test_an_entry_without_its_body_is_left_out(tmp_path: Path) -> None:
    missing = entry()
    del missing["response"]["content"]["text"]
    imported = read(tmp_path, missing)
    assert imported.exchanges == ()
    assert imported.notes == ("left out: 1 of 1 entries, whose bodies the archive does not hold",)


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        ({"_error": "net::ERR_INCOMPLETE_CHUNKED_ENCODING"}, "no_last_chunk"),
        ({"_failureText": "net::ERR_CONNECTION_RESET"}, "reset"),
        ({"_error": "net::ERR_ABORTED"}, "cancelled"),
    ],
)
def test_what_browsers_say_of_a_broken_answer_is_its_ending(
    tmp_path: Path, failure: dict[str, str], ending: str
) -> None:
    (exchange,) = read(tmp_path, entry(response=failure)).exchanges
    assert exchange.response.ending == ending


def test_a_connection_that_broke_before_its_answer_has_no_head(tmp_path: Path) -> None:
    broken = entry(response={"status": 0, "_error": "net::ERR_CONNECTION_RESET", "headers": [], "content": {}})
    (exchange,) = read(tmp_path, broken).exchanges
    assert (exchange.response.head, exchange.response.ending) == (False, "reset")
    unknown = read(tmp_path, entry(response={"status": 0, "headers": [], "content": {"size": 0, "text": ""}}))
    assert unknown.notes == ("left out: 1 of 1 entries, without a final response",)


def test_a_request_without_its_body_gets_one_that_fits(tmp_path: Path) -> None:
    imported = read(tmp_path, entry(request={"postData": None}))
    assert json.loads(imported.exchanges[0].request.body)["stream"] is True
    assert "it is made up" in str(imported.exchanges[0].note)
    assert text_of(imported) == "Hé"


def test_bodies_beside_the_archive_are_read_from_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "abc.dat").write_text(STREAM)
    content = {"text": None, "_file": "abc.dat"}
    assert text_of(read(tmp_path, entry(content=content))) == "Hé"
    with pytest.raises(UnreadableImport, match=r"capture\.har: log\.entries\[0\]: a body lies in 'abd\.dat'"):
        read(tmp_path, entry(content={"text": None, "_file": "abd.dat"}))


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", "a\\b", "x\0"])
def test_a_body_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableImport, match="leads out of the archive's folder"):
        read(tmp_path, entry(content={"text": None, "_file": name}))


def test_a_body_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text(STREAM)
    (tmp_path / "abc.dat").symlink_to(tmp_path / "target")
    with pytest.raises(UnreadableImport, match="which is not there"):
        read(tmp_path, entry(content={"text": None, "_file": "abc.dat"}))


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"request": {"method": 3}}, r"log\.entries\[0\]\.request: "),
        ({"response": {"status": "200"}}, r"log\.entries\[0\]\.response\.status: "),
        ({"response": {"headers": [{"name": "a"}]}}, r"log\.entries\[0\]\.response\.headers\[0\]: "),
        ({"response": {"headers": {}}}, r"log\.entries\[0\]\.response\.headers: "),
        ({"entry": {"request": []}}, r"log\.entries\[0\]\.request: "),
        ({"content": {"text": "%%", "encoding": "base64"}}, r"log\.entries\[0\]\.response\.content\.text: "),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, broken: dict[str, Any], place: str) -> None:
    with pytest.raises(UnreadableImport, match=place):
        read(tmp_path, entry(**broken))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "true", '"x"', "123456789012345678901234567890"])
def test_senseless_numbers_are_no_numbers(tmp_path: Path, number: str) -> None:
    path = tmp_path / "capture.har"
    text = json.dumps({"log": {"entries": [entry(content={"size": 4711})]}})
    path.write_text(text.replace("4711", number).replace("80.5", number))
    (exchange,) = import_file(path, Wishes()).exchanges
    assert [chunk.pause_s for chunk in exchange.response.chunks] == [0.0]


def test_a_har_that_was_cut_off_says_where(tmp_path: Path) -> None:
    path = tmp_path / "capture.har"
    path.write_text(json.dumps({"log": {"entries": [entry()]}}, indent=1)[:-30])
    with pytest.raises(UnreadableImport, match=r"capture\.har:\d+: this is no JSON: .*; export the archive again"):
        import_file(path, Wishes())


def test_a_zip_without_a_har_or_with_a_bomb_in_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "a.zip"
    with zipfile.ZipFile(empty, "w") as packed:
        packed.writestr("readme.txt", "x")
    with pytest.raises(UnreadableImport, match=r"holds 0 files that end in \.har"):
        import_file(empty, Wishes())
    bomb = tmp_path / "b.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("har.har", b" " * 300_000)
    monkeypatch.setattr("harness.recording.importers.har.SIZE_LIMIT", 100_000)
    with pytest.raises(UnreadableImport, match=r"har\.har in the zip unpacks to more than 100000 bytes"):
        import_file(bomb, Wishes())
    broken = tmp_path / "c.zip"
    broken.write_bytes(bomb.read_bytes()[:60])
    with pytest.raises(UnreadableImport, match="the zip cannot be read"):
        import_file(broken, Wishes())
