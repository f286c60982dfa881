"""A system that is known but not kept running: it is started when its turn comes, and stopped right after.

So many more systems can take part in a run than there is memory for their workers at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent
from harness.origin.server import Origin
from harness.systems.base import Case, Description, Driver, SystemBroken
from harness.systems.registry import SystemSpec, description_without_start, open_driver


class StandbyDriver:
    """A driver that `ready` starts. Use `describe` to make one, and `close` whatever happened."""

    def __init__(
        self, spec: SystemSpec, description: Description, driver: Driver | None = None, origin: Origin | None = None
    ) -> None:
        self.description = description
        self._spec = spec
        self._driver = driver
        self._origin = origin
        self._starting = asyncio.Lock()
        self._failed: SystemBroken | None = None
        self._closed = False

    @classmethod
    async def describe(cls, spec: SystemSpec, *, stay: bool, origin: Origin | None = None) -> StandbyDriver:
        """Starts the system to learn who it is, and stops it again unless it is to `stay`.

        A gateway that is not to stay is not started for it: its manifest says it. `origin`: what stands behind
        gateways. Raises SystemBroken where it cannot be started, and UnknownSystem where `pkg.module:attr` holds none.
        """
        if not stay and (known := description_without_start(spec)) is not None:
            return cls(spec, known, origin=origin)
        driver = await open_driver(spec, origin=origin)
        if stay:
            return cls(spec, driver.description, driver, origin)
        await driver.close()
        return cls(spec, driver.description, origin=origin)

    @property
    def http(self) -> str:
        """The library whose transport the system takes, where it runs in this process."""
        return str(getattr(self._driver, "http", "httpx"))

    async def ready(self) -> None:
        """Starts the system if it does not run; what failed once fails again without another try."""
        await (await self._started()).ready()

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end; calls `emit` for every event as it comes. Raises SystemBroken."""
        return await (await self._started()).run(case, emit)

    async def cancel(self, case_id: str) -> bool:
        """Gives up on a case; True when the system was still alive."""
        return self._driver is not None and await self._driver.cancel(case_id)

    async def close(self) -> None:
        """Stops the system for good."""
        self._closed = True
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()

    async def _started(self) -> Driver:
        async with self._starting:
            if self._closed:
                raise SystemBroken(f"{self._spec.name}: the driver was closed")
            if self._failed is not None:
                raise self._failed
            if self._driver is None:
                self._driver = await self._open()
            return self._driver

    async def _open(self) -> Driver:
        try:
            return await open_driver(self._spec, origin=self._origin)
        except SystemBroken as error:
            self._failed = error
            raise
