from __future__ import annotations

import asyncio
from itertools import pairwise

from harness.origin.clock import VirtualClock


def test_a_long_sleep_costs_no_wall_time() -> None:
    async def main() -> float:
        clock = VirtualClock()
        async with asyncio.timeout(5):
            await clock.sleep(3600)
        return clock.now()

    assert asyncio.run(main()) == 3600


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    async def main() -> list[tuple[str, float]]:
        clock = VirtualClock()
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, *naps: float) -> None:
            for nap in naps:
                await clock.sleep(nap)
                woken.append((name, clock.now()))

        await asyncio.gather(sleeper("a", 3, 3), sleeper("b", 1, 4), sleeper("c", 3))
        return woken

    assert asyncio.run(main()) == [("b", 1), ("a", 3), ("c", 3), ("b", 5), ("a", 6)]


def test_time_stands_still_while_others_work() -> None:
    async def main() -> tuple[float, float]:
        clock = VirtualClock()
        deadline = asyncio.create_task(clock.sleep(30))
        for _ in range(500):
            await clock.sleep(0)
        worked_until = clock.now()
        await deadline
        return worked_until, clock.now()

    assert asyncio.run(main()) == (0.0, 30.0)


def test_hand_overs_between_tasks_come_before_time_moves() -> None:
    async def main() -> tuple[str, float]:
        clock = VirtualClock()
        queues: list[asyncio.Queue[str]] = [asyncio.Queue() for _ in range(10)]

        async def hand_on(source: asyncio.Queue[str], target: asyncio.Queue[str]) -> None:
            await target.put(await source.get())

        chain = [asyncio.create_task(hand_on(*pair)) for pair in pairwise(queues)]
        alarm = asyncio.create_task(clock.sleep(10))
        await clock.sleep(0)  # now all of them wait
        await queues[0].put("word")
        word, at = await queues[-1].get(), clock.now()
        await asyncio.gather(alarm, *chain)
        return word, at

    assert asyncio.run(main()) == ("word", 0.0)


def test_a_cancelled_sleep_does_not_move_time() -> None:
    async def main() -> float:
        clock = VirtualClock()
        given_up = asyncio.create_task(clock.sleep(5))
        await clock.sleep(0)
        given_up.cancel()
        await clock.sleep(60)
        return clock.now()

    assert asyncio.run(main()) == 60


def test_clocks_of_two_cases_do_not_hold_each_other_up() -> None:
    async def main() -> list[float]:
        clocks = [VirtualClock() for _ in range(20)]
        await asyncio.gather(*(clock.sleep(seconds) for seconds, clock in enumerate(clocks, 1)))
        return [clock.now() for clock in clocks]

    assert asyncio.run(main()) == list(range(1, 21))
