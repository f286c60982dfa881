from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from harness.origin.case import CasePlan
from harness.origin.server import Origin, OriginError
from harness.wire.response import Chunk, WireResponse

from .wire import CHAT, Always, RawClient, response


def test_a_plan_is_served_below_its_own_base_url() -> None:
    async def main() -> None:
        async with Origin() as origin, httpx.AsyncClient() as client:
            base_url = origin.add(CasePlan("c17", "ollama", (response(b"one"),)))
            assert base_url == f"{origin.url}/c17"
            assert base_url.startswith("http://127.0.0.1:")
            assert (await client.post(f"{base_url}/api/chat", content=CHAT)).content == b"one"
            (attempt,) = origin.remove("c17").attempts
            assert (attempt.method, attempt.path, attempt.body) == ("POST", "/api/chat", CHAT)

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/", "/c", "/c2/api/chat", "/deep/er/and/deeper/still", "/%2e%2e/c17"])
def test_an_address_that_no_case_has_is_explained(path: str) -> None:
    async def main() -> httpx.Response:
        async with Origin() as origin, httpx.AsyncClient() as client:
            origin.mount("c17", Always(response(b"one")))
            return await client.get(origin.url + path)

    answer = asyncio.run(main())
    assert answer.status_code == 404
    assert answer.headers["x-harness-origin"] == "no-such-case"
    said = answer.json()["harness_origin"]
    assert path in said["problem"]
    assert "base URL" in said["mend"]
    assert "error" not in answer.json()


def test_a_case_id_may_be_a_path_and_need_quoting() -> None:
    async def main() -> list[str]:
        async with Origin() as origin, httpx.AsyncClient() as client:
            urls = [origin.mount(name, Always(response(name.encode()))) for name in ("a/b", "a/b c", "a")]
            return [(await client.get(f"{url}/v1")).text for url in urls]

    assert asyncio.run(main()) == ["a/b", "a/b c", "a"]


def test_a_removed_case_is_served_no_more_and_its_stalled_answer_ends() -> None:
    async def main() -> None:
        async with Origin() as origin, RawClient(origin.mount("c", Always(response(b"one", ending="stall")))) as client:
            await client.post()
            await client.read_until(b"one\r\n")
            log = origin.remove("c")
            await client.read_to_end()
            (attempt,) = log.attempts
            assert not attempt.client_left
            assert attempt.ended_s is None
            with pytest.raises(OriginError, match="no case 'c'"):
                origin.remove("c")

    asyncio.run(main())


async def stalled(origin: Origin, leave: bool, grace_s: float) -> bool:
    """Whether the log of a finished case says that its client left."""
    async with RawClient(origin.mount("c", Always(response(b"one", ending="stall")))) as client:
        await client.post()
        await client.read_until(b"one\r\n")
        if leave:
            client.writer.close()
        return (await origin.finish("c", grace_s)).attempts[0].client_left


def test_finishing_a_case_notices_a_client_that_has_just_left() -> None:
    async def main() -> bool:
        async with Origin() as origin:
            return await stalled(origin, True, 5)

    assert asyncio.run(main())


def test_finishing_a_case_does_not_wait_for_a_client_that_stays() -> None:
    async def main() -> bool:
        async with Origin() as origin:
            return await stalled(origin, False, 0.01)

    assert not asyncio.run(main())


def test_the_end_of_the_origin_ends_everything_it_plays() -> None:
    async def main() -> str:
        async with Origin() as origin:
            url = origin.mount("c", Always(response(b"one", ending="stall")))
            client = RawClient(url)
            await client.__aenter__()
            await client.post()
            await client.read_until(b"one\r\n")
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert not tasks
        seen = await client.read_to_end()
        await client.__aexit__()
        return seen.ended

    assert asyncio.run(main()) == "FIN"


def test_a_port_in_use_is_named_with_the_mend() -> None:
    async def main(port: int) -> None:
        async with Origin(port=port):
            raise AssertionError("it listens")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OriginError, match=rf"port {port} on 127\.0\.0\.1 is in use; choose another one, or 0"):
            asyncio.run(main(port))


def test_a_host_that_is_not_ours_is_named() -> None:
    async def main() -> None:
        async with Origin(host="203.0.113.1"):
            raise AssertionError("it listens")

    with pytest.raises(OriginError, match=r"cannot listen on 203\.0\.113\.1"):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (CasePlan("c", "ollama", ()), "has no response"),
        (CasePlan("c", "morse", (response(),)), "unknown dialect 'morse'"),
        (CasePlan("c", "ollama", (WireResponse(200, (("x-a", "b\r\nx-c: d"),), ()),)), "'x-a' holds a line end"),
        (CasePlan("c", "ollama", (WireResponse(200, (("x a", "b"),), ()),)), "header name 'x a'"),
        (CasePlan("c", "ollama", (WireResponse(100, (), ()),)), "status 100 is no final"),
        (CasePlan("/c", "ollama", (response(),)), "begins or ends with a slash"),
        (CasePlan("", "ollama", (response(),)), "it is empty"),
        (CasePlan("a/b/c/d/e", "ollama", (response(),)), "more than 4 segments"),
    ],
)
def test_a_plan_that_cannot_be_played_is_refused(plan: CasePlan, problem: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            origin.add(plan)

    with pytest.raises(OriginError, match=problem):
        asyncio.run(main())


def test_a_case_is_not_served_twice() -> None:
    async def main() -> None:
        async with Origin() as origin:
            origin.add(CasePlan("c", "ollama", (response(),)))
            origin.add(CasePlan("c", "ollama", (response(),)))

    with pytest.raises(OriginError, match="'c' is being served already"):
        asyncio.run(main())


def test_two_hundred_cases_at_once_are_kept_apart() -> None:
    async def ask(client: httpx.AsyncClient, origin: Origin, number: int) -> bytes:
        chunks = (Chunk(b"%d" % number), Chunk(b" and", pause_s=0.01), Chunk(b" on", pause_s=0.01))
        url = origin.add(CasePlan(f"c{number}", "ollama", (WireResponse(200, (), chunks),)))
        return (await client.post(f"{url}/api/chat", content=CHAT)).content

    async def main() -> None:
        limits = httpx.Limits(max_connections=None)
        async with Origin() as origin, httpx.AsyncClient(timeout=30, limits=limits) as client:
            bodies = await asyncio.gather(*(ask(client, origin, number) for number in range(200)))
            assert bodies == [b"%d and on" % number for number in range(200)]
            assert all(len(origin.remove(f"c{number}").attempts) == 1 for number in range(200))

    asyncio.run(main())


def test_an_alias_is_played_by_the_case_that_it_points_at() -> None:
    async def main() -> None:
        async with Origin() as origin, httpx.AsyncClient() as client:
            origin.mount("c1", Always(response(b"one")))
            origin.mount("c2", Always(response(b"two")))
            assert origin.point("slot-1", "c1") == f"{origin.url}/slot-1"
            assert (await client.post(f"{origin.url}/slot-1/v1/messages?a=b", content=b"{}")).text == "one"
            assert origin.point("slot-1", "c2") == f"{origin.url}/slot-1"
            assert (await client.post(f"{origin.url}/slot-1/api/chat", content=b"{}")).text == "two"
            assert (await client.post(f"{origin.url}/c1/x")).text == "one"
            assert [attempt.path for attempt in origin.log("c1").attempts] == ["/v1/messages?a=b", "/x"]
            assert [attempt.path for attempt in origin.log("c2").attempts] == ["/api/chat"]
            assert origin.late_requests == ()

    asyncio.run(main())


@pytest.mark.parametrize("how", ["told so", "its case has ended"])
def test_a_request_for_an_alias_that_points_nowhere_is_refused_and_kept(how: str) -> None:
    async def main() -> httpx.Response:
        async with Origin() as origin, httpx.AsyncClient() as client:
            origin.mount("c1", Always(response(b"one")))
            origin.point("slot-1", "c1")
            if how == "told so":
                origin.point("slot-1", None)
            else:
                origin.remove("c1")
            answer = await client.post(f"{origin.url}/slot-1/v1/messages", content=b"late")
            (late,) = origin.late_requests
            assert (late.method, late.path, late.body) == ("POST", "/slot-1/v1/messages", b"late")
            return answer

    answer = asyncio.run(main())
    assert answer.status_code == 503
    assert answer.headers["x-harness-origin"] == "points-nowhere"
    assert "slot-1" in answer.json()["harness_origin"]["problem"]


def test_an_alias_is_one_plain_segment_that_nothing_else_has() -> None:
    async def main() -> None:
        async with Origin() as origin:
            origin.mount("c1", Always(response(b"one")))
            for alias, problem in [("", "no plain segment"), ("a/b", "no plain segment"), ("a b", "no plain segment")]:
                with pytest.raises(OriginError, match=problem):
                    origin.point(alias, "c1")
            with pytest.raises(OriginError, match="is the path of a case"):
                origin.point("c1", "c1")
            with pytest.raises(OriginError, match="no case 'c9'"):
                origin.point("slot", "c9")
            origin.point("slot", "c1")
            with pytest.raises(OriginError, match="served already"):
                origin.mount("slot", Always(response(b"one")))

    asyncio.run(main())
