"""What all pages have in common: how templates are read, what they may use, and how a page is written."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.report.case.words import status_words
from harness.report.marks import LEVELS
from harness.report.matrix import Matrix
from harness.report.recordings import recordings_line
from harness.report.site.pieces import Pieces, attempt, chunks, events, headers
from harness.report.site.sections import happened
from harness.report.site.timeline_picture import timeline_picture
from harness.report.visible import counted, moment, plain, seconds, shortened, shown

LANES = {"sockets": "over real sockets", "in-process": "in process, on a virtual clock"}

_THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+", re.ASCII)
_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./~%+#?=&:-]*)?", re.ASCII)


def page_environment(matrix: Matrix) -> Environment:
    """The templates, with all that they may use besides what a page is given."""
    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        matrix=matrix,
        nav=(),
        lanes=LANES,
        levels=LEVELS,
        counted=counted,
        moment=moment,
        seconds=seconds,
        shown=shown,
        shortened=shortened,
        incident_address=incident_address,
        reason=status_words,
        happened=happened,
        recordings_line=recordings_line(matrix.recordings),
    )
    environment.globals.update(
        pieces=Pieces(environment), attempt=attempt, chunks=chunks, events=events, headers=headers
    )
    environment.globals["timeline_picture"] = timeline_picture
    return environment


def _finalize(value: Any) -> Any:
    """Every string that a template shows loses its invisible characters, in attributes as well as in text."""
    return plain(value) if type(value) is str else value


def asset(name: str) -> str:
    """A static file as it is."""
    return files("harness.report").joinpath("static", name).read_text("utf-8")


def write_page(path: Path, text: str) -> None:
    """Writes a page, and the folder that it lies in; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def incident_address(reference: str) -> str:
    """Where a public thread is: `owner/repository#12` or an https address; empty for anything else."""
    if _THREAD.fullmatch(reference):
        repository, _, number = reference.partition("#")
        return f"https://github.com/{repository}/issues/{number}"
    return reference if _ADDRESS.fullmatch(reference) else ""
