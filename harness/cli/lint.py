"""`harness lint`: is a recording or a live stream well-formed for its dialect?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import completion
from harness.cli.exits import COULD_NOT_RUN, FAILED, fail, mendable
from harness.lint.finding import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from harness.lint.finding import Finding
    from harness.lint.record import Endpoint, LintRecord, StreamFinding, StreamRecord
    from harness.lint.spec import Spec

    AnyFinding: TypeAlias = Finding | StreamFinding

EXAMPLE = "Example: harness lint cassettes --fail-on should"

DIALECT = typer.Option(
    "--dialect", "-d", metavar="NAME", help="That of bodies and URLs.", autocompletion=completion.streams
)
FAIL_ON = typer.Option("--fail-on", metavar="LEVEL", help="must, should or may: what makes the exit status 1.")
URL = typer.Option("--url", metavar="URL", help="Ask a live endpoint below this base URL.")
MODEL = typer.Option("--model", "-m", metavar="NAME", help="With --url: the model to ask.")
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors: the exit status says it.")
KEY_ENV = typer.Option("--key-env", metavar="NAME", help="With --url: the variable that holds the key.")


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILES]...", help="Cassettes, HAR, bodies, recordings; or folders of them."),
    ] = None,
    dialect: Annotated[str | None, DIALECT] = None,
    fail_on: Annotated[str, FAIL_ON] = "must",
    by_provider: Annotated[
        bool, typer.Option("--by-provider", help="Count what each provider's streams break.")
    ] = False,
    corrections: Annotated[
        Path | None,
        typer.Option("--corrections", help="YAML: recordings that were edited, or whose provider is another."),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules, of one --dialect or of all.")] = False,
    url: Annotated[str | None, URL] = None,
    model: Annotated[str, MODEL] = "test-model",
    key_env: Annotated[str | None, KEY_ENV] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Say by rule, level and byte what is malformed in recorded streams, or in a live endpoint's; strictly."""
    if sum(map(bool, (paths, url, rules))) != 1:
        fail("say what to lint: files, or --url, or else --rules to list the rules; one of these")
    if fail_on not in LEVELS:
        fail(f"--fail-on {fail_on}: no such level; the levels are {', '.join(LEVELS)}")
    _check_dialect(dialect)
    if rules:
        _list_rules(dialect, as_json=as_json)
    elif url:
        _lint_live(url, dialect, model, key_env, fail_on, as_json=as_json, quiet=quiet)
    else:
        record = _linted(paths or [], dialect, corrections)
        if as_json or not quiet:
            _print_record(record, by_provider=by_provider, as_json=as_json)
        _leave(record.findings(), fail_on)


def _check_dialect(dialect: str | None) -> None:
    from harness.lint.spec import UnknownStream, spec

    with mendable(UnknownStream):
        if dialect is not None:
            spec(dialect)


def _linted(paths: list[Path], dialect: str | None, corrections: Path | None) -> LintRecord:
    from harness.lint.corrections import UnreadableCorrections, read_corrections
    from harness.lint.standing import lint_record
    from harness.lint.streams import lint_files
    from harness.recording.importers.imported import UnreadableImport

    with mendable(UnreadableCorrections):
        known = read_corrections(corrections) if corrections else {}
    with mendable(UnreadableImport):
        record = lint_record(lint_files(paths, dialect, known))
    if not record.streams and not record.others:
        fail("no exchange in these files is of a dialect that has rules here")
    return record


def _print_record(record: LintRecord, *, by_provider: bool, as_json: bool) -> None:
    from harness.lint.record import lint_json

    if as_json:
        typer.echo(lint_json(record))
        return
    if by_provider:
        for line in _endpoint_lines(record.endpoints):
            typer.echo(line)
    else:
        _print_streams(record.streams)
    _print_summary(record)


def _print_streams(streams: Iterable[StreamRecord]) -> None:
    for stream in streams:
        if stream.findings:
            typer.echo(f"{stream.file}#{stream.exchange} ({stream.dialect}, {stream.provider}, {stream.bytes} bytes)")
            _print_findings(stream.dialect, stream.findings)


def _print_findings(dialect: str, findings: Iterable[AnyFinding]) -> None:
    from harness.lint.spec import spec
    from harness.report.visible import plain

    tables = spec(dialect)
    places: dict[str, list[AnyFinding]] = {}
    for finding in findings:
        places.setdefault(finding.rule, []).append(finding)
    for rule, found in places.items():
        first = found[0]
        more = f" (and at {', '.join(str(each.offset) for each in found[1:])})" if found[1:] else ""
        typer.echo(f"  {first.level} {rule} at byte {first.offset}: {plain(first.message)}{more}")
        typer.echo(f"    {tables.rules[rule].says} By {tables.authority_of(rule).told()}.")


def _print_summary(record: LintRecord) -> None:
    from collections import Counter

    from harness.report.visible import counted

    levels: Counter[str] = Counter(finding.level for finding in record.findings())
    clean = sum(not each.findings for each in record.streams)
    found = ", ".join(f"{levels[level]} {level}" for level in LEVELS if levels[level]) or "nothing"
    typer.echo(f"{counted(len(record.streams), 'stream')} linted, {clean} without a finding; found: {found}")
    for reason, count in sorted(Counter(each.reason for each in record.others).items()):
        typer.echo(f"  left out, {count}: {reason}")


def _endpoint_lines(endpoints: Iterable[Endpoint]) -> Iterable[str]:
    for each in endpoints:
        yield f"{each.dialect} {each.provider}: {each.clean} of {each.streams} streams keep every rule"
        for broken in each.broken:
            place = f"{broken.first.file}#{broken.first.exchange} byte {broken.first.offset}"
            yield f"  {broken.level} {broken.rule}: {broken.streams} of {broken.judged} streams, first {place}"


def _lint_live(
    url: str, dialect: str | None, model: str, key_env: str | None, fail_on: str, *, as_json: bool, quiet: bool
) -> None:
    from harness.lint.live import NoStream, lint_url

    if dialect is None:
        fail("--url needs the --dialect that the endpoint speaks")
    if key_env is not None and not os.environ.get(key_env):
        fail(f"--key-env {key_env}: this variable is not set; export it, or leave the option out")
    with mendable(NoStream, status=COULD_NOT_RUN):
        stream = lint_url(dialect, url, model, os.environ.get(key_env) if key_env else None)
    if as_json:
        from harness.lint.record import lint_json
        from harness.lint.standing import lint_record

        typer.echo(lint_json(lint_record([stream])))
    elif not quiet:
        _print_findings(dialect, stream.findings)
        typer.echo(f"{url}: {len(stream.body)} bytes in {dialect}, {len(stream.findings) or 'no'} findings")
    _leave(stream.findings, fail_on)


def _leave(findings: Iterable[AnyFinding], fail_on: str) -> None:
    grave = LEVELS[: LEVELS.index(fail_on) + 1]
    if any(finding.level in grave for finding in findings):
        raise typer.Exit(FAILED)


def _list_rules(dialect: str | None, *, as_json: bool) -> None:
    from harness.lint.spec import spec, spec_names

    tables = [spec(name) for name in ([dialect] if dialect else spec_names())]
    if as_json:
        _print_json([_rule(each, name) for each in tables for name in each.rules])
        return
    for each in tables:
        for name, rule in each.rules.items():
            by = each.authority_of(name).told()
            typer.echo(f"{each.dialect} {name} ({rule.level}): {rule.says} By {by}.")


def _rule(tables: Spec, name: str) -> dict[str, Any]:
    from harness.lint.examples import example_body

    rule = tables.rules[name]
    return {
        "dialect": tables.dialect,
        "rule": name,
        "level": rule.level,
        "says": rule.says,
        "authority": tables.authority_of(name).model_dump(mode="json"),
        "example": example_body(tables, name).decode("utf-8", "backslashreplace"),
    }


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
