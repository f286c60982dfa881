from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest

from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.recording.cassette import Exchange, load_cassette
from harness.recording.proxy import server
from harness.recording.proxy.events import Listening, NotRecorded, NotRelayed, ProxyEvent, Recorded
from harness.recording.proxy.server import Proxy, ProxyError, proxying, record_through_proxy
from harness.recording.tape import Recorder
from harness.recording.writer import CassetteWriter
from harness.wire.response import Chunk, WireResponse

from ...origin.wire import Always, RawClient, Seen
from .certificates import made_in
from .rig import Rig, Talk, ask, head_of, rigged, saying, upstream

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
LENGTH = OK + b"Content-Length: 4\r\n\r\n"


def asked(url: str, tls: ssl.SSLContext | None = None) -> tuple[Seen, Rig]:
    """What a client sees of the server at `url` through a proxy."""

    async def main() -> tuple[Seen, Rig]:
        async with asyncio.timeout(20), rigged(url, tls) as rig, RawClient(rig.url) as client:
            seen = await ask(client)
        return seen, rig

    return asyncio.run(main())


def said(seen: Seen) -> dict[str, str]:
    told: dict[str, str] = json.loads(seen.body)["harness_proxy"]
    return told


@contextmanager
def nobody_there() -> Iterator[str]:
    """The URL of a port where nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_an_upstream_that_is_not_there_is_a_502_that_says_so() -> None:
    with nobody_there() as url:
        seen, rig = asked(url)
    assert seen.data.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    told = said(seen)
    assert told["slug"] == "upstream-unreachable"
    assert told["problem"].startswith(f"the upstream {url} cannot be reached: ")
    assert rig.told == [NotRelayed(502, told["problem"], "is it up, and is the URL right?")]
    assert rig.exchanges == []


def test_a_head_request_gets_a_502_without_a_body() -> None:
    async def main(url: str) -> Seen:
        async with asyncio.timeout(20), rigged(url) as rig, RawClient(rig.url) as client:
            await client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            return await client.read_to_end()

    with nobody_there() as url:
        seen = asyncio.run(main(url))
    assert (seen.data[:12], seen.body) == (b"HTTP/1.1 502", b"")


def test_an_upstream_that_takes_no_connection_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECT_TIMEOUT_S", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # and says nothing to a TLS client's hello

    async def main() -> tuple[Seen, Rig]:
        async with (
            asyncio.timeout(20),
            upstream(silent) as url,
            rigged(url.replace("http:", "https:")) as rig,
            RawClient(rig.url) as client,
        ):
            return await ask(client), rig

    seen, rig = asyncio.run(main())
    assert said(seen)["slug"] == "upstream-timeout"
    assert [event.status for event in rig.told if isinstance(event, NotRelayed)] == [502]


def secure(folder: Path, talk: Talk, *, trusted: bool = True, host: str = "127.0.0.1") -> tuple[Seen, Rig]:
    """What a client sees of an upstream that speaks TLS."""
    shown, trusting = made_in(folder, host)

    async def main() -> tuple[Seen, Rig]:
        async with asyncio.timeout(20), upstream(talk, shown) as url:
            async with rigged(url, trusting if trusted else None) as rig, RawClient(rig.url) as client:
                seen = await ask(client)
            return seen, rig

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("pieces", "ending"),
    [
        ((LENGTH, b"ab", b"cd"), "clean"),
        ((LENGTH, b"ab"), "short_length"),
        ((OK + b"\r\n", b"ab"), "clean"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n"), "no_last_chunk"),
    ],
)
def test_an_upstream_behind_tls_is_relayed_as_it_is(tmp_path: Path, pieces: tuple[bytes, ...], ending: str) -> None:
    seen, rig = secure(tmp_path, saying(*pieces))
    assert seen == Seen(b"".join(pieces), "FIN")
    (exchange,) = rig.exchanges
    assert exchange.response.ending == ending
    assert exchange.request.url.startswith("https://127.0.0.1:")


def test_an_upstream_behind_tls_that_breaks_off_without_a_good_bye_was_closed(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(LENGTH + b"ab")
        await writer.drain()
        writer.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
        await reader.read()

    seen, rig = secure(tmp_path, talk)
    assert seen == Seen(LENGTH + b"ab", "FIN")
    assert [exchange.response.ending for exchange in rig.exchanges] == ["short_length"]


@pytest.mark.parametrize(
    ("trusted", "host", "why"),
    [(False, "127.0.0.1", "self-signed certificate"), (True, "127.0.0.2", "IP address mismatch")],
)
def test_a_wrong_certificate_is_a_502_that_says_so(tmp_path: Path, trusted: bool, host: str, why: str) -> None:
    seen, rig = secure(tmp_path, saying(LENGTH, b"abcd"), trusted=trusted, host=host)
    told = said(seen)
    assert told["slug"] == "upstream-certificate"
    assert why in told["problem"].replace("self signed", "self-signed")
    assert "SSL_CERT_FILE" in told["mend"]
    assert [event.status for event in rig.told if isinstance(event, NotRelayed)] == [502]
    assert rig.exchanges == []


def test_an_upstream_that_speaks_no_tls_is_a_502_that_says_so() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> Seen:
        async with (
            asyncio.timeout(20),
            upstream(talk) as url,
            rigged(url.replace("http:", "https:")) as rig,
            RawClient(rig.url) as client,
        ):
            return await ask(client)

    told = said(asyncio.run(main()))
    assert told["slug"] == "upstream-tls"
    assert told["mend"] == "should its URL begin with http://?"


# Starting, failing, stopping


async def started(url: str, host: str = "127.0.0.1", port: int = 0) -> None:
    async with proxying(url, Recorder(print), host=host, port=port, on_event=lambda _: None):
        raise AssertionError("it should not have started")


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProxyError, match=f"port {port} on 127.0.0.1 is in use; choose another one"):
            asyncio.run(started("http://127.0.0.1:1", port=port))


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(ProxyError, match=r"cannot listen on 203\.0\.113\.1, port 0"):
        asyncio.run(started("http://127.0.0.1:1", host="203.0.113.1"))


def test_a_proxy_of_itself_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ProxyError, match="is this proxy itself; give the server behind it"):
        asyncio.run(started(f"http://127.0.0.1:{port}", port=port))


def test_a_url_that_is_none_is_refused_before_anything() -> None:
    with pytest.raises(ValueError, match="is no base URL"):
        asyncio.run(started("api.example"))


def test_it_listens_on_ipv6_too() -> None:
    async def main() -> str:
        recorder = Recorder(print)
        async with proxying("http://127.0.0.1:1", recorder, host="::1", on_event=lambda _: None) as proxy:
            return proxy.url

    assert asyncio.run(main()).startswith("http://[::1]:")


def test_what_cannot_be_kept_is_told_and_the_client_has_its_answer() -> None:
    def full(exchange: Exchange) -> None:
        raise OSError(28, "No space left on device")

    async def main() -> tuple[Seen, list[ProxyEvent]]:
        events: list[ProxyEvent] = []
        async with (
            asyncio.timeout(20),
            upstream(saying(LENGTH, b"abcd")) as url,
            proxying(url, Recorder(full), on_event=events.append) as proxy,
            RawClient(proxy.url) as client,
        ):
            seen = await ask(client)
        return seen, events

    seen, (listening, event) = asyncio.run(main())
    assert isinstance(listening, Listening)
    assert seen == Seen(LENGTH + b"abcd", "FIN")
    assert isinstance(event, NotRecorded)
    assert "No space left on device" in event.problem


def test_stopping_keeps_what_is_under_way_as_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        which = (await head_of(reader)).split(b" ")[1]
        writer.write(LENGTH + (b"abcd" if which == b"/whole" else b"ab"))
        await reader.read()

    async def main() -> list[str]:
        told: list[str] = []

        def on_event(event: ProxyEvent) -> None:
            if isinstance(event, Recorded):
                told.append(event.ending)

        async with asyncio.timeout(20), upstream(talk) as url:
            with CassetteWriter(path) as writer:
                recorder = Recorder(writer.append)
                async with proxying(url, recorder, on_event=on_event) as proxy:
                    async with RawClient(proxy.url) as one:
                        await one.send(b"GET /whole HTTP/1.1\r\nHost: x\r\n\r\n")
                        await one.read_until(b"abcd")
                    async with RawClient(proxy.url) as other:
                        await other.send(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
                        await other.read_until(b"\r\n\r\nab")
                        await proxy.__aexit__(None, None, None)
                        told_by_then = [*told]
                        assert await other.reader.read() == b""
        return told_by_then

    assert asyncio.run(main()) == ["clean", "cancelled"]
    kept = [(one.response.body, one.response.ending) for one in load_cassette(path).exchanges]
    assert kept == [(b"abcd", "clean"), (b"ab", "cancelled")]


PROGRAM = """
import asyncio, sys
from contextlib import suppress
from harness.recording.proxy.server import record_through_proxy
from harness.recording.tape import Recorder
from harness.recording.writer import CassetteWriter

with CassetteWriter(sys.argv[2]) as writer, suppress(KeyboardInterrupt):
    told = lambda event: print(event, flush=True)
    asyncio.run(record_through_proxy(sys.argv[1], Recorder(writer.append), on_event=told))
print("stopped")
"""


def test_ctrl_c_stops_it_with_everything_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(LENGTH + b"ab")
        await reader.read()

    async def main() -> tuple[bytes, bytes, int | None]:
        async with asyncio.timeout(60), upstream(talk) as url:
            proxy = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROGRAM, url, str(path)), stdout=asyncio.subprocess.PIPE
            )
            assert proxy.stdout is not None
            listening = (await proxy.stdout.readline()).decode()
            async with RawClient(listening.split("'")[1]) as client:
                await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                seen = await client.read_until(b"\r\n\r\nab")
                proxy.send_signal(signal.SIGINT)
                said, _ = await proxy.communicate()
            return seen, said, proxy.returncode

    seen, printed, status = asyncio.run(main())
    assert seen == LENGTH + b"ab"
    assert (printed.rstrip().endswith(b"stopped"), status) == (True, 0)
    assert [(one.response.body, one.response.ending) for one in load_cassette(path).exchanges] == [(b"ab", "cancelled")]


def test_it_runs_until_it_is_cancelled() -> None:
    async def main() -> list[ProxyEvent]:
        events: list[ProxyEvent] = []
        up = asyncio.Event()

        def on_event(event: ProxyEvent) -> None:
            events.append(event)
            up.set()

        running = asyncio.ensure_future(record_through_proxy("http://127.0.0.1:1", Recorder(print), on_event=on_event))
        await up.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return events

    (event,) = asyncio.run(main())
    assert isinstance(event, Listening)
    assert event.upstream == "http://127.0.0.1:1"


# A vendor's SDK through it

FRAMES = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    b'{"role":"assistant","content":"Gr\xc3',
    b'\xbc\xc3\x9fe"},"finish_reason":null}]}\n\n',
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    b'{"content":" aus Oslo"},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)
STREAM = WireResponse(200, (("content-type", "text/event-stream"),), tuple(Chunk(frame) for frame in FRAMES))


def read_by_openai(base_url: str) -> list[str | None]:
    """The pieces of text that openai's SDK reads."""
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key="sk-none", max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True)
        return [chunk.choices[0].delta.content for chunk in stream]


async def read_by_openai_async(base_url: str) -> list[str | None]:
    async with openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="sk-none", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        return [chunk.choices[0].delta.content async for chunk in stream]


async def through_proxy(origin: Origin, path: Path, *, sync: bool) -> list[str | None]:
    """What the SDK reads through a proxy that records into a cassette."""
    with CassetteWriter(path) as writer:
        async with proxying(origin.url, Recorder(writer.append), on_event=lambda _: None) as proxy:
            below = f"{proxy.url}/c"
            return await asyncio.to_thread(read_by_openai, below) if sync else await read_by_openai_async(below)


@pytest.mark.parametrize("sync", [False, True])
def test_an_sdk_reads_the_same_live_through_the_proxy_and_from_the_recording(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "c.yaml"

    async def main() -> tuple[list[str | None], list[str | None]]:
        async with asyncio.timeout(30), Origin() as origin:
            origin.mount("c", Always(STREAM))
            live = await through_proxy(origin, path, sync=sync)
            replayed = origin.mount("replayed", CassetteScript(load_cassette(path)))
            return live, await asyncio.to_thread(read_by_openai, replayed)

    live, replayed = asyncio.run(main())
    assert live == replayed == ["Grüße", " aus Oslo"]
    (exchange,) = load_cassette(path).exchanges
    assert [chunk.data for chunk in exchange.response.chunks] == list(FRAMES)
    assert exchange.response.ending == "clean"
    assert "sk-none" not in path.read_text()


def test_the_proxy_says_where_it_is() -> None:
    async def main() -> tuple[Proxy, str]:
        async with proxying("http://127.0.0.1:1/base", Recorder(print), on_event=lambda _: None) as proxy:
            return proxy, proxy.url

    proxy, url = asyncio.run(main())
    assert url == f"http://{proxy.authority}"
    assert proxy.upstream.url == "http://127.0.0.1:1/base"
