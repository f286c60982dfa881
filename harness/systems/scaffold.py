"""The first draft of an adapter: it passes the canaries as it stands, and says where the client goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "scaffolds"


class WrongScaffold(ValueError):
    """The adapter cannot be drafted so; the message says what would do."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a dialect is spoken in a draft: the kit's module, the path, and the headers with the key by language."""

    module: str
    path: str
    headers: dict[str, str]


_BEARER = {
    "python": '"authorization": f"Bearer {case.api_key}"',
    "node": "authorization: `Bearer ${given.api_key}`",
}

FORMS = {
    "openai-chat": _Form("chat", "/v1/chat/completions", _BEARER),
    "openai-responses": _Form("responses", "/v1/responses", _BEARER),
    "anthropic-messages": _Form(
        "messages",
        "/v1/messages",
        {
            "python": '"x-api-key": case.api_key, "anthropic-version": "2023-06-01"',
            "node": '"x-api-key": given.api_key, "anthropic-version": "2023-06-01"',
        },
    ),
}

SUFFIXES = {"python": ".py", "node": ".mjs"}


def draft_adapter(
    name: str, folder: Path, *, language: str = "python", dialect: str = "openai-chat", package: str | None = None
) -> Path:
    """Writes the draft into `folder` and returns its path; never writes over a file. Raises WrongScaffold, OSError.

    `package` is the requirement that the adapter's environment is built from, such as `my-client==1.2.3`.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise WrongScaffold(
            f"a system's name has lower-case letters, digits and hyphens, and begins with a letter: not {name!r}"
        )
    if dialect not in FORMS:
        raise WrongScaffold(f"there is no draft for {dialect}; there is one for {', '.join(FORMS)}")
    if language not in SUFFIXES:
        raise WrongScaffold(
            f"there is no draft in {language}; there is one in {', '.join(SUFFIXES)}. An adapter in any other language "
            "needs a manifest and the adapter protocol: docs/adapters.md has both"
        )
    path = folder / f"{name.replace('-', '_')}{SUFFIXES[language]}"
    if language == "node" and package:
        raise WrongScaffold("a Node adapter's packages stand in the package.json beside it: npm install them there")
    text = _filled(name, dialect, language, package)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise WrongScaffold(f"{path} exists, and is left as it is; give another name or --folder") from None
    return path


def _filled(name: str, dialect: str, language: str, package: str | None) -> str:
    form = FORMS[dialect]
    template = FOLDER / f"adapter{SUFFIXES[language]}.txt"
    return Template(template.read_text(encoding="utf-8")).substitute(
        name=name,
        dialect=dialect,
        dependencies=f'"{package}"' if package else "",
        form=form.module,
        path=form.path,
        headers=form.headers[language],
    )
