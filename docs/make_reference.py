"""Writes docs/reference/ from the code: every verb, every check, every lint rule, every line of a results file, the
scenario language and the adapter protocol.

python docs/make_reference.py [FOLDER]
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from language_reference import language
from protocol_reference import adapter_protocol

import harness.lint.record as lint
from harness.catalogue.checks.table import CHECKS
from harness.catalogue.findings import KIND_MEANINGS
from harness.cli.main import app
from harness.lint.examples import example_body
from harness.lint.spec import Spec, spec, spec_names
from harness.runner import results as records

HERE = Path(__file__).parent
_EXAMPLE = 400  # characters of a rule's example that are shown


def main(folder: Path) -> None:
    """Writes every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in pages().items():
        (folder / name).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def pages() -> dict[str, list[str]]:
    """The pages by file name, as lines."""
    return {
        "cli.md": list(_cli()),
        "checks.md": list(_checks()),
        "rules.md": list(_rules()),
        "results.md": list(_results()),
        "lint.md": list(_lint_documents()),
        "scenarios.md": list(language()),
        "protocol.md": list(adapter_protocol()),
    }


def _cli() -> Iterator[str]:
    yield from ("# Commands", "")
    yield "Exit status: 0 conforms; 1 a must failed; 2 the call was wrong; 3 the harness or a system could not run."
    yield from ("", "`harness --install-completion` makes a shell complete what follows.", "")
    group: Any = typer.main.get_command(app)
    yield from _commands(group, "harness")


def _commands(group: Any, prefix: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        title = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from _commands(command, title)
        else:
            yield from _command(command, title)


def _command(command: Any, title: str) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    yield from (f"## {title}", "", inspect.cleandoc(command.help or ""), "")
    words = [title, *(_metavar(each) for each in arguments), "[OPTIONS]" if options else ""]
    yield from ("```text", " ".join(filter(None, words)), "```", "")
    rows = [(_metavar(each), getattr(each, "help", "") or "") for each in arguments]
    rows += [(", ".join([*each.opts, *each.secondary_opts]), each.help or "") for each in options]
    if rows:
        yield from ("| | |", "| --- | --- |")
        yield from (f"| {_code(name)} | {_cell(words)} |" for name, words in rows)
        yield ""
    if command.epilog:
        heading, _, example = command.epilog.partition(": ")
        yield from (f"{heading}:", "", "```text", example, "```", "")


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = name if argument.nargs == 1 or "..." in name else f"{name}..."
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _checks() -> Iterator[str]:
    yield from ("# Checks and kinds of failure", "")
    yield "A case is judged by these rules, each of which says something of the content or of the ending."
    yield from ("", "| check | column | demands |", "| --- | --- | --- |")
    yield from (f"| `{each.slug}` | {each.column} | {_cell(each.doc)} |" for each in CHECKS)
    yield from ("", "A finding has one of these kinds:", "", "| kind | meaning |", "| --- | --- |")
    yield from (f"| `{kind}` | {_cell(meaning)} |" for kind, meaning in KIND_MEANINGS.items())


def _rules() -> Iterator[str]:
    yield from ("# Lint rules", "")
    yield "`harness lint` holds streams against these. Each has a level, an authority, and a stream that breaks it"
    yield "alone. The tables of each dialect say what may follow what, and what its frames have; frames of unknown"
    yield "kinds, and other members, break nothing. Of types, `text` is a string that is not empty, and `count` a whole"
    yield "number from 0."
    for name in spec_names():
        tables = spec(name)
        yield from ("", f"## {name}", "", "| on whose word | where | read |", "| --- | --- | --- |")
        for authority in tables.authorities.values():
            when = f"{authority.read} {authority.how}".strip()
            yield f"| {_cell(authority.name)} | {_cell(authority.at)} | {_cell(when)} |"
        yield from _states(tables)
        yield from _fields(tables)
        yield ""
        for rule in tables.rules:
            yield from _rule(tables, rule)


def _rule(tables: Spec, name: str) -> Iterator[str]:
    rule = tables.rules[name]
    words = f"**{rule.level}.** {rule.says} By {tables.authority_of(name).name}."
    yield from (f"### {tables.dialect}: {name}", "", words, "")
    body = example_body(tables, name).decode("utf-8", "backslashreplace")
    shown = body if len(body) <= _EXAMPLE else f"{body[:_EXAMPLE]}… ({len(body)} characters)"
    yield from ("````text", shown.rstrip("\n"), "````", "")


def _states(tables: Spec) -> Iterator[str]:
    """What may follow what: the first state is where a stream begins."""
    yield from ("", f"### {tables.dialect}: what may follow", "")
    yield from (
        "| state | frames, and the state behind them | any other known frame | the end |",
        "| --- | --- | --- | --- |",
    )
    for name, state in tables.states.items():
        steps = "; ".join(_step(kind, step) for kind, step in state.to.items()) or "nothing"
        end = f"breaks `{state.end}`" if state.end else "may come"
        yield f"| {name} | {_cell(steps)} | breaks `{state.other}` | {end} |"


def _step(kind: str, step: str | tuple[str, str]) -> str:
    if isinstance(step, str):
        return f"`{kind}` → {step}"
    return f"`{kind}` → {step[0]}, which breaks `{step[1]}`"


def _fields(tables: Spec) -> Iterator[str]:
    yield from ("", f"### {tables.dialect}: what frames have", "", "| frame | member | type |", "| --- | --- | --- |")
    for kind, members in tables.fields.items():
        for path, type_ in members.items():
            optional = " or missing" if path.endswith("?") else ""
            words = f"{type_.replace('|', ' or ').replace('=', 'just ')}{optional}"
            yield f"| {'every' if kind == '*' else _code(kind)} | {_code(path.removesuffix('?'))} | {words} |"


def _results() -> Iterator[str]:
    yield from ("# Results files", "")
    yield "JSON lines: a header, a line for each result, recording or search, and a footer which says that it is whole."
    yield "[The schema](../results.schema.json) is JSON Schema; `harness report --schema` prints it."
    for kind in _RECORDS:
        yield from _record(kind)


def _lint_documents() -> Iterator[str]:
    yield from ("# Lint documents", "")
    yield "`harness lint --json` writes one JSON object, a LintRecord; `harness report --lint FILE` reads it."
    yield "Text in it is what servers sent, and bytes are base64."
    for kind in _LINT_RECORDS:
        yield from _record(kind)


def _record(kind: Any) -> Iterator[str]:
    """One kind of object: what it is, and its members."""
    yield from ("", f"## {kind.__name__}", "", inspect.cleandoc(kind.__doc__ or ""), "")
    if tag := kind.__struct_config__.tag:
        yield from (f'Its line has `"record": "{tag}"`.', "")
    yield from ("| member | type | |", "| --- | --- | --- |")
    for field in msgspec.structs.fields(kind):
        needed = "" if not field.required else "always"
        yield f"| `{field.encode_name}` | {_code(_type(field.type))} | {needed} |"


_RECORDS = (
    *(records.Header, records.Result, records.RecordingResult, records.FuzzResult, records.Footer),
    *(records.Finding, records.Evidence, records.AttemptRecord, records.ChunkRecord, records.EventRecord),
    *(records.FuzzFinding, records.Alteration, records.ScenarioNote, records.SystemNote),
)


_LINT_RECORDS = (
    *(lint.LintRecord, lint.Endpoint, lint.BrokenRule, lint.Place, lint.Excerpt),
    *(lint.StreamRecord, lint.StreamFinding, lint.LeftOut),
)


def _type(annotation: Any) -> str:
    text = inspect.formatannotation(annotation)
    for noise in ("typing.", "harness.runner.results.", "harness.catalogue.findings.", "harness.lint.record."):
        text = text.replace(noise, "")
    return text


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "reference")
