"""The gateway: every dialect's endpoint over any upstream, as an ASGI application."""

from harness.stack.gateway.app import create_app
from harness.stack.gateway.asgi_transport import AsgiTransport
from harness.stack.gateway.gateway import Gateway
from harness.stack.gateway.settings import GatewaySettings

__all__ = ["AsgiTransport", "Gateway", "GatewaySettings", "create_app"]
