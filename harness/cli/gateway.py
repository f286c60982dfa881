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
    from harness.stack.gateway.settings import GatewaySettings

EXAMPLE = (
    "Example: harness gateway --upstream https://api.anthropic.com --upstream-dialect anthropic-messages"
    " --model gpt-5=claude-sonnet-4-5"
)

_PARTS = "URL,dialect=…,key-env=…,model=…"


Upstream = Annotated[
    str, typer.Option("--upstream", metavar="URL", help="Base URL of the upstream, without a version path.")
]
Dialect = Annotated[str, typer.Option("--upstream-dialect", metavar="NAME", help="The dialect that it speaks.")]
Listen = Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="Where to listen; port 0 takes a free one.")]
KeyEnv = Annotated[
    str | None, typer.Option("--upstream-key-env", metavar="NAME", help="The variable that holds the upstream's key.")
]
TokenEnv = Annotated[
    str | None, typer.Option("--token-env", metavar="NAME", help="The variable with the token that clients show.")
]
Model = Annotated[
    list[str] | None, typer.Option("--model", metavar="NAME", help="ALIAS=NAME: what clients may call a model.")
]
Fallback = Annotated[list[str] | None, typer.Option("--fallback", help=f"An upstream that stands in: {_PARTS}.")]
Heartbeat = Annotated[
    float, typer.Option("--heartbeat", metavar="SECONDS", min=0, help="Seconds of silence before a sign of life; or 0.")
]
MaxBytes = Annotated[
    int, typer.Option("--max-request-bytes", metavar="NUMBER", min=1, help="The largest request body that is read.")
]
MaxRetries = Annotated[
    int | None, typer.Option("--max-retries", metavar="NUMBER", min=0, help="Repeats before the first content.")
]
ThinkTags = Annotated[bool, typer.Option("--think-tags", help="Take inline <think> blocks for reasoning.")]
Grace = Annotated[
    float,
    typer.Option("--grace", metavar="SECONDS", min=0, help="Seconds that streams get to finish when it is stopped."),
]
Log = Annotated[bool, typer.Option("--log", help="Write a line for each request to standard error.")]


def gateway(
    upstream: Upstream,
    upstream_dialect: Dialect,
    listen: Listen = "127.0.0.1:0",
    upstream_key_env: KeyEnv = None,
    token_env: TokenEnv = None,
    model: Model = None,
    fallback: Fallback = None,
    heartbeat: Heartbeat = 15.0,
    max_request_bytes: MaxBytes = 32 * 1024 * 1024,
    max_retries: MaxRetries = None,
    think_tags: ThinkTags = False,
    grace: Grace = 10.0,
    log: Log = False,
) -> None:
    """Serve every dialect's endpoint over any upstream. Stop it with Ctrl-C."""
    from harness.stack.fallback import Target
    from harness.stack.gateway.settings import GatewaySettings
    from harness.stack.policy import Policy

    with mendable(ValueError):
        settings = GatewaySettings(
            upstreams=(
                Target(upstream_dialect, upstream, _key(upstream_dialect, upstream_key_env)),
                *map(_fallback, fallback or ()),
            ),
            token=_variable(token_env) if token_env else None,
            policy=Policy().limited(max_retries),
            models=dict(map(_alias, model or ())),
            think_tags=think_tags,
            heartbeat_s=heartbeat,
            max_request_bytes=max_request_bytes,
            log=_say if log else None,
        )
    _serve(settings, *address(listen), grace)


def _serve(settings: GatewaySettings, host: str, port: int, grace_s: float) -> None:
    from harness.stack.gateway.serve import listen, run, url_of

    with mendable(status=COULD_NOT_RUN):
        listening = listen(host, port)
    url = url_of(listening)
    run(settings, listening, grace_s=grace_s, on_listening=lambda: _told(url, settings.upstreams))


def _told(url: str, upstreams: tuple[Target, ...]) -> None:
    over = ", then ".join(f"{target.place} ({target.record.name})" for target in upstreams)
    typer.echo(f"serving {url} over {over}")
    sys.stdout.flush()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def address(listen: str) -> tuple[str, int]:
    """The host and the port that `--listen` names; anything else ends the command."""
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
