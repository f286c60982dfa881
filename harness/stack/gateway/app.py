"""The gateway as an ASGI application: every dialect's endpoint, over whatever upstreams it was given."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware

from harness.stack.clock import Clock, SystemClock
from harness.stack.gateway.desk import Desk
from harness.stack.gateway.endpoints import routes
from harness.stack.gateway.gateway import Gateway
from harness.stack.gateway.settings import GatewaySettings


def create_app(
    settings: GatewaySettings, *, transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None
) -> Starlette:
    """The ASGI application. `transport` and `clock` replace the way to the upstreams and the time.

    `app.state.gateway` is the Gateway behind it, which can be told to close.
    """
    gateway = Gateway(settings, transport, clock or SystemClock())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        yield
        await gateway.aclose()

    desk = Middleware(Desk, clock=gateway.clock, log=settings.log)
    app = Starlette(routes=routes(gateway), middleware=[desk], lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.gateway = gateway
    return app
