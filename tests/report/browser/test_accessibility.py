"""axe-core finds nothing serious on any kind of page, light or dark, on a desk or on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .page_kinds import PAGE_KINDS, PageKind, example_of
from .watched import DESKTOP, PHONE, Watched, sync_api

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that may say something else in the dark."""
SERIOUS = ("serious", "critical")
pytestmark = pytest.mark.skipif(
    not AXE.exists() and shutil.which("npm") is None, reason="axe-core is not installed, and there is no npm for it"
)


def findings(page: sync_api.Page) -> list[str]:
    """What axe calls serious or worse, in the light and in the dark: the rule, and the first elements that break it."""
    assert AXE.exists(), "`make browser` installs axe-core"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, None] = {}
    for scheme, rules in (("light", ALL), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        run = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})"
        violations: list[dict[str, Any]] = page.evaluate(run, rules)["violations"]
        found |= {
            f"{each['id']}: {node['target'][0]} ({scheme}): {node['failureSummary']}": None
            for each in violations
            if each["impact"] in SERIOUS
            for node in each["nodes"][:3]
        }
    return [*found]


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("kind", PAGE_KINDS, ids=str)
def test_nothing_serious_is_found(
    kind: PageKind, device: dict[str, Any], browse: Callable[..., Watched], site: Callable[[str], Path]
) -> None:
    folder = site(kind.site)
    page = browse(**device).open(folder, example_of(kind, folder), kind.ready)
    assert findings(page) == []


def test_it_would_be_found_in_the_light_and_in_the_dark(browse: Callable[..., Watched], tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        '<!doctype html><title>Bad</title><main><h1>Bad</h1><a href="#x"></a>'
        '<p style="color:#aaa;background:#fff">Too faint</p><p id="dark">Too faint in the dark</p></main>'
        "<style>@media (prefers-color-scheme: dark) { #dark { color: #222; background: #000 } }</style>"
    )
    found = findings(browse().open(tmp_path, "bad.html"))
    assert {each.partition(":")[0] for each in found} == {"html-has-lang", "link-name", "color-contrast"}
    assert any(each.startswith("color-contrast: #dark (dark): ") for each in found)
    assert not any(each.startswith("color-contrast: #dark (light): ") for each in found)
