"""`harness gateway`: every dialect over any upstream."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import COULD_NOT_RUN, fail, mendable

if TYPE_CHECKING:
    from harness.stack.fallback import Target

EXAMPLE = (
    "Example: harness gateway --upstream https://api.anthropic.com --upstream-dialect anthropic-messages"
    " --model gpt-5=claude-sonnet-4-5"
)

_PARTS = "URL,dialect=…,key-env=…,model=…"


def gateway(
    upstream: Annotated[str, typer.Option("--upstream", help="Base URL of the upstream, without a version path.")],
    upstream_dialect: Annotated[str, typer.Option("--upstream-dialect", help="The dialect that it speaks.")],
    listen: Annotated[str, typer.Option("--listen", help="Where to listen; port 0 takes a free one.")] = "127.0.0.1:0",
    upstream_key_env: Annotated[
        str | None, typer.Option("--upstream-key-env", help="The variable that holds the upstream's key.")
    ] = None,
    token_env: Annotated[
        str | None, typer.Option("--token-env", help="The variable that holds the token that clients must show.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="ALIAS=NAME: what clients may call one of its models.")
    ] = None,
    fallback: Annotated[
        list[str] | None, typer.Option("--fallback", help=f"Another upstream that stands in: {_PARTS}.")
    ] = None,
    heartbeat: Annotated[
        float, typer.Option("--heartbeat", min=0, help="Seconds of silence before a sign of life; 0 sends none.")
    ] = 15.0,
    max_request_bytes: Annotated[
        int, typer.Option("--max-request-bytes", min=1, help="The largest request body that is read.")
    ] = 32 * 1024 * 1024,
    max_retries: Annotated[
        int | None, typer.Option("--max-retries", min=0, help="Repeats of a failed request before the first content.")
    ] = None,
    think_tags: Annotated[
        bool, typer.Option("--think-tags", help="Take the upstream's inline <think> blocks for reasoning.")
    ] = False,
    grace: Annotated[
        float, typer.Option("--grace", min=0, help="Seconds that streams get to finish when it is told to stop.")
    ] = 10.0,
    log: Annotated[bool, typer.Option("--log", help="Write a line for each request to standard error.")] = False,
) -> None:
    """Serve every dialect's endpoint over any upstream. Stop it with Ctrl-C."""
    from harness.stack.fallback import Target
    from harness.stack.gateway.serve import listen as open_socket
    from harness.stack.gateway.serve import run, url_of
    from harness.stack.gateway.settings import GatewaySettings
    from harness.stack.policy import Policy

    with mendable(ValueError):
        first = Target(upstream_dialect, upstream, _key(upstream_dialect, upstream_key_env))
        settings = GatewaySettings(
            upstreams=(first, *map(_fallback, fallback or ())),
            token=_variable(token_env) if token_env else None,
            policy=Policy().limited(max_retries),
            models=dict(map(_alias, model or ())),
            think_tags=think_tags,
            heartbeat_s=heartbeat,
            max_request_bytes=max_request_bytes,
            log=_say if log else None,
        )
    host, port = _address(listen)
    with mendable(OverflowError, status=COULD_NOT_RUN):
        listening = open_socket(host, port)
    url = url_of(listening)
    run(settings, listening, grace_s=grace, on_listening=lambda: _told(url, settings.upstreams))


def _told(url: str, upstreams: tuple[Target, ...]) -> None:
    over = ", then ".join(f"{target.place} ({target.record.name})" for target in upstreams)
    typer.echo(f"serving {url} over {over}")
    sys.stdout.flush()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        fail(f"--listen takes HOST:PORT, such as 127.0.0.1:8080, not {listen!r}")
    return host, int(port)


def _alias(text: str) -> tuple[str, str]:
    alias, is_one, name = text.partition("=")
    if not (alias and is_one and name):
        raise ValueError(f"--model takes ALIAS=NAME, not {text!r}")
    return alias, name


def _fallback(text: str) -> Target:
    """`URL,dialect=D,key-env=V,model=M` as a target. Raises ValueError."""
    from harness.stack.fallback import Target

    url, *rest = text.split(",")
    said = dict(part.partition("=")[::2] for part in rest)
    if unknown := sorted(said.keys() - {"dialect", "key-env", "model"}):
        raise ValueError(f"--fallback takes {_PARTS}; it does not know {', '.join(unknown)}")
    if not said.get("dialect"):
        raise ValueError(f"--fallback takes {_PARTS}; the dialect of {url!r} is missing")
    return Target(said["dialect"], url, _key(said["dialect"], said.get("key-env")), said.get("model"))


def _key(dialect: str, variable: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The upstream's key: from that variable, or from the dialect's own where it is set; empty for none."""
    from harness.dialects import dialect as dialect_named

    if variable:
        return _variable(variable)
    return environment.get(dialect_named(dialect).facts.get("key_variable", ""), "").strip()


def _variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ValueError(f"the environment variable {name} is not set")
    return value
