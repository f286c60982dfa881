"""What holds on every kind of page: it reads without scripts, by keyboard, in the dark, on a phone and on paper, it
moves nothing for those who asked for that, and its policy lets nothing in."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from .page_kinds import PAGE_KINDS, PageKind, example_of, fits, pages_of
from .watched import PHONE, Watched, overflows, sync_api

STOPS = 40
"""How far a keyboard walk goes on pages of many links."""
FOCUS = """
() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  window.stops = window.stops ?? new Map();
  const seen = window.stops.has(element);
  window.stops.set(element, true);
  const label = element.id ? document.querySelector(`label[for="${CSS.escape(element.id)}"]`) : null;
  const marked = [element, label].filter(Boolean).some((each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  });
  const box = (label ?? element).getBoundingClientRect();
  const inSight = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { seen, marked, inSight, what: element.outerHTML.slice(0, 120) };
}
"""
ATTACK = """
(wanted) => new Promise((done) => {
  const found = new Set();
  const tell = () => done([...found].sort());
  document.addEventListener("securitypolicyviolation", (event) => {
    found.add(event.effectiveDirective);
    if (found.size === wanted) tell();
  });
  setTimeout(tell, 5000);
  const add = (name, values) => document.body.append(Object.assign(document.createElement(name), values));
  add("script", { textContent: "window.owned = 1" });
  add("img", { src: "http://127.0.0.1:9/x.png" });
  add("iframe", { src: "http://127.0.0.1:9/" });
  add("style", { textContent: "body { display: none }" });
  add("base", { href: "http://127.0.0.1:9/" });
  add("object", { data: "http://127.0.0.1:9/x.swf" });
  document.body.setAttribute("onclick", "window.owned = 1");
  document.body.setAttribute("style", "display: none");
  document.body.click();
  const form = Object.assign(document.createElement("form"), { action: "http://127.0.0.1:9/", method: "post" });
  document.body.append(form);
  form.submit();
  fetch("http://127.0.0.1:9/").catch(() => {});
})
"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
FOR_SCREENS = ".skip, fieldset.views, .filters, input[type=search]"
"""What nobody can use on paper."""
MOVING = """
(all) => all.filter((each) => {
  const style = getComputedStyle(each);
  const lasts = parseFloat(style.transitionDuration) > 0.001 || parseFloat(style.animationDuration) > 0.001;
  return lasts || style.scrollBehavior === "smooth";
}).map((each) => each.outerHTML.slice(0, 100))
"""
FLOATING = """
(all) => all.filter((each) => ["fixed", "sticky"].includes(getComputedStyle(each).position)
  && each.getBoundingClientRect().width).map((each) => each.outerHTML.slice(0, 100))
"""
REFUSED = [
    *("base-uri", "connect-src", "form-action", "frame-src", "img-src", "object-src"),
    *("script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem"),
]
Browse = Callable[..., Watched]
Site = Callable[[str], Path]
each_kind = pytest.mark.parametrize("kind", PAGE_KINDS, ids=str)


def opened(window: Watched, site: Site, kind: PageKind) -> sync_api.Page:
    folder = site(kind.site)
    return window.open(folder, example_of(kind, folder), kind.ready)


def test_every_page_of_the_sites_is_of_a_kind(site: Site) -> None:
    strangers = {
        page
        for name in ("whole", "snapshot", "hostile")
        for page in pages_of(site(name))
        if not any(fits(kind, page) for kind in PAGE_KINDS)
    }
    assert strangers == set()


@each_kind
def test_a_page_has_one_heading_a_title_and_no_level_left_out(kind: PageKind, browse: Browse, site: Site) -> None:
    page = opened(browse(), site, kind)
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(each => Number(each.tagName[1]))")
    assert levels.count(1) == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []
    assert len(page.title()) >= 5


def test_no_two_pages_that_lie_there_have_the_same_title(site: Site) -> None:
    pages = [path.read_text("utf-8") for path in site("whole").rglob("*.html")]
    titles = [re.findall("<title>(.*?)</title>", page)[0] for page in pages]
    assert len(titles) >= 20
    assert sorted(titles) == sorted(set(titles))


@each_kind
def test_the_keyboard_walks_through_it(kind: PageKind, browse: Browse, site: Site) -> None:
    page = opened(browse(), site, kind)
    walk = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or stop["seen"]:
            break
        walk.append(stop)
    assert "skip" in walk[0]["what"]
    assert len(walk) >= 3
    assert [stop["what"] for stop in walk if not stop["marked"]] == []
    assert [stop["what"] for stop in walk if not stop["inSight"]] == []
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@each_kind
def test_it_fits_a_phone(kind: PageKind, browse: Browse, site: Site) -> None:
    page = opened(browse(**PHONE), site, kind)
    assert not overflows(page)
    page.set_viewport_size({"width": 320, "height": 568})
    assert not overflows(page)
    small = page.locator("main p:visible, main td:visible, main li:visible").evaluate_all(
        "all => all.filter(each => each.innerText.trim() && parseFloat(getComputedStyle(each).fontSize) < 10)"
        ".map(each => each.outerHTML.slice(0, 100))"
    )
    assert small == []


@each_kind
def test_it_is_dark_or_still_or_on_paper_for_those_who_want_it(kind: PageKind, browse: Browse, site: Site) -> None:
    page = opened(browse(), site, kind)
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.evaluate(BACKGROUND) == "rgb(16, 20, 25)"
    assert page.locator("html, body, body *").evaluate_all(MOVING) == []
    page.emulate_media(media="print")
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert page.locator(FOR_SCREENS).locator("visible=true").count() == 0
    assert page.locator("body *").evaluate_all(FLOATING) == []


@each_kind
def test_it_reads_without_scripts(kind: PageKind, browse: Browse, site: Site) -> None:
    folder = site(kind.site)
    page = browse(java_script_enabled=False).open(folder, example_of(kind, folder))
    words = page.locator("main").inner_text()
    assert len(words) > 100
    assert page.locator("main a, nav a").count() >= 1


@each_kind
def test_its_policy_lets_nothing_in(kind: PageKind, browse: Browse, site: Site) -> None:
    window = browse()
    page = opened(window, site, kind)
    address = page.url
    assert page.evaluate(ATTACK, len(REFUSED)) == REFUSED
    assert page.evaluate("window.owned") is None
    assert page.locator("main").is_visible()
    assert page.url == address
    refused = [words for words in window.complaints if "Content Security Policy" in words or "not loaded" in words]
    assert len(refused) >= len(REFUSED)
    window.forgive()
