"""Serves a site on this machine: its pages from a folder, the cells laid out when they are asked for.

It listens on 127.0.0.1 alone, and answers only to that name: a page from elsewhere cannot read it under a name of its
own that leads here. Nothing can be changed through it.
"""

from __future__ import annotations

import mimetypes
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from harness.report.matrix import Cell, Row
from harness.report.site.cells import CellPage, CellPages
from harness.report.site.html import write_site
from harness.report.site.site import Site
from harness.runner.results import Run, UnreadableResults

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""The names under which a browser of this machine may ask."""
PATIENCE_S = 30.0
"""How long a connection may say nothing."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)

Address: TypeAlias = tuple[str, str, str]
"""Of a cell: its scenario, its system with the version, and its dialects."""


class SiteServer(ThreadingHTTPServer):
    """A site that is being served. It listens from the start; `serve_forever` answers, `server_close` ends it."""

    daemon_threads = True

    def __init__(self, site: Site, port: int) -> None:
        """Serves the written pages of this site, and its cells; port 0 takes a free one. Raises OSError."""
        self.pages = SitePages(site)
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """Where a browser finds the site's first page."""
        return f"http://{HOST}:{self.server_port}/"


@contextmanager
def serve_site(runs: Sequence[Run], port: int = 0, **known: Any) -> Iterator[SiteServer]:
    """A server of the report of these runs: `with serve_site(runs) as server: server.serve_forever()`.

    `known` is what `render_report` takes besides the runs. The pages lie in a folder of their own while it serves.
    Raises ValueError without a run, UnreadableResults, and OSError where the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="harness-report-") as folder:
        site = Site.over(runs, Path(folder), packed=False, **known)
        write_site(site)
        server = SiteServer(site, port)
        try:
            yield server
        finally:
            server.server_close()
            server.pages.close()


class SitePages:
    """What can be asked for: the files that were written, and every cell of the matrix."""

    def __init__(self, site: Site) -> None:
        """Of a site whose pages are written. Raises UnreadableResults or OSError."""
        self._files = {path.relative_to(site.folder).as_posix(): path for path in site.folder.rglob("*")}
        self._frame = site.environment.get_template("cell.html")
        self._cells = {_address(cell.href): (row, cell) for row in site.matrix.rows for cell in row.present}
        self._pages = CellPages(site)
        self._one_at_a_time = threading.Lock()

    def page(self, target: str) -> tuple[str, bytes] | None:
        """The type and the bytes of what a request target asks for; None for what there is not.

        Raises UnreadableResults where the results file has changed meanwhile, and OSError.
        """
        path, _, query = target.partition("?")
        name = unquote(path).removeprefix("/") or "index.html"
        if name == "cell.html" and query:
            place = self._cells.get(_address(target))
            return None if place is None else ("text/html; charset=utf-8", self._cell(*place))
        file = self._files.get(name)  # a name that was not written leads nowhere, whatever it holds
        if file is None or not file.is_file():
            return None
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return (f"{kind}; charset=utf-8" if kind.startswith("text/") else kind), file.read_bytes()

    def _cell(self, row: Row, cell: Cell) -> bytes:
        with self._one_at_a_time:
            page = CellPage.of(self._pages.html(row, cell))
            return self._frame.render(root="", here="cell.html", cell=page).encode()

    def close(self) -> None:
        """Closes the results files."""
        self._pages.evidence.close()


def _address(target: str) -> Address:
    """The cell that the query of a target names, however it was percent-encoded."""
    *scenario, system, dialect = ["", "", *target.partition("?")[2].split("/")]
    return "/".join(map(unquote, scenario[2:])), unquote(system), unquote(dialect)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: SiteServer
    protocol_version = "HTTP/1.1"
    server_version = "harness"
    sys_version = ""
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        """Answers with a page."""
        self._answer(self.wfile.write)

    def do_HEAD(self) -> None:
        """Answers with the head of a page."""
        self._answer(lambda body: None)

    def _answer(self, send: Callable[[bytes], object]) -> None:
        status, kind, body = self._found()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *HEADERS):
            self.send_header(name, value)
        self.end_headers()
        send(body)

    def _found(self) -> tuple[HTTPStatus, str, bytes]:
        if self.headers.get("Host", "") not in {f"{name}:{self.server.server_port}" for name in NAMES}:
            return _words(HTTPStatus.MISDIRECTED_REQUEST, f"This server answers as {self.server.address} alone.")
        try:
            found = self.server.pages.page(self.path)
        except (UnreadableResults, OSError) as error:
            return _words(HTTPStatus.INTERNAL_SERVER_ERROR, f"The results cannot be read any more: {error}")
        if found is None:
            return _words(HTTPStatus.NOT_FOUND, "This report has no such page.")
        return HTTPStatus.OK, *found

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the terminal belongs to whoever started the server."""


def _words(status: HTTPStatus, words: str) -> tuple[HTTPStatus, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{words}\n".encode("utf-8", "backslashreplace")
