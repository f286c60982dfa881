"""The gateway: every dialect's endpoint over any upstream, as an ASGI application."""
