"""Reading the catalogue: what a version names, how scenarios are found, and how bad files are refused."""

from pathlib import Path

import pytest

from harness.catalogue.loader import BadCatalogue, CatalogueError, load_catalogue

GOOD = """\
title: A plain answer
why: Everything starts with it.
response:
  events:
    - text: Hello
    - finish: stop
expect:
  text: Hello
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def catalogue_folder(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        {
            "canary/plain.yaml": GOOD,
            "thinking/split-tag.yaml": GOOD + "level: should\ndialects: [gemini]\n",
            "thinking/nested.yaml": GOOD + "level: may\n",
        },
    )


def test_scenarios_are_sorted_by_their_path(catalogue_folder: Path) -> None:
    catalogue = load_catalogue(catalogue_folder)
    assert [scenario.id for scenario in catalogue] == ["canary/plain", "thinking/nested", "thinking/split-tag"]
    assert (len(catalogue), catalogue.families) == (3, ("canary", "thinking"))


def test_a_version_names_the_content(catalogue_folder: Path) -> None:
    version = load_catalogue(catalogue_folder).version
    assert version == load_catalogue(catalogue_folder).version
    assert version.startswith("2026.11+")
    write(catalogue_folder, {"canary/plain.yaml": GOOD.replace("Hello", "Hallo")})
    assert load_catalogue(catalogue_folder).version != version


def test_a_version_does_not_depend_on_line_ends_of_a_checkout(catalogue_folder: Path) -> None:
    version = load_catalogue(catalogue_folder).version
    path = catalogue_folder / "canary/plain.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_catalogue(catalogue_folder).version == version


def test_a_renamed_scenario_is_another_version(catalogue_folder: Path) -> None:
    version = load_catalogue(catalogue_folder).version
    (catalogue_folder / "canary/plain.yaml").rename(catalogue_folder / "canary/simple.yaml")
    assert load_catalogue(catalogue_folder).version != version


def test_a_scenario_is_found_by_its_id(catalogue_folder: Path) -> None:
    assert load_catalogue(catalogue_folder).get("thinking/nested").level == "may"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("thinking/nestd", "did you mean 'thinking/nested'?"),
        ("plain", "did you mean 'canary/plain'?"),
        ("xyz", "`harness scenarios list` names them all"),
    ],
)
def test_an_unknown_id_is_answered_with_the_nearest(catalogue_folder: Path, wanted: str, words: str) -> None:
    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(catalogue_folder).get(wanted)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ({}, ["canary/plain", "thinking/nested", "thinking/split-tag"]),
        ({"ids": ["thinking/*"]}, ["thinking/nested", "thinking/split-tag"]),
        ({"ids": ["canary/plain", "thinking/nested"]}, ["canary/plain", "thinking/nested"]),
        ({"families": ["canary"]}, ["canary/plain"]),
        ({"level": "must"}, ["canary/plain"]),
        ({"level": "should"}, ["canary/plain", "thinking/split-tag"]),
        ({"ids": ["*/*"], "families": ["thinking"], "level": "should"}, ["thinking/split-tag"]),
        ({"dialects": ["ollama"]}, ["canary/plain", "thinking/nested"]),
        ({"dialects": ["gemini"], "ids": []}, []),
    ],
)
def test_scenarios_are_selected(catalogue_folder: Path, conditions: dict[str, object], ids: list[str]) -> None:
    chosen = load_catalogue(catalogue_folder).select(**conditions)  # type: ignore[arg-type]
    assert [scenario.id for scenario in chosen] == ids


@pytest.mark.parametrize("conditions", [{"ids": ["thinkin/*"]}, {"families": ["thinkin"]}])
def test_a_condition_that_names_nothing_is_a_mistake(catalogue_folder: Path, conditions: dict[str, object]) -> None:
    with pytest.raises(CatalogueError):
        load_catalogue(catalogue_folder).select(**conditions)  # type: ignore[arg-type]


BAD = {
    "a/unknown-key.yaml": (GOOD.replace("text: Hello\n    - f", "txt: Hello\n    - f"), 5, "response.events.0.txt"),
    "a/unknown-top.yaml": (GOOD + "titel: x\n", 9, "titel"),
    "a/missing.yaml": ("why: W\nresponse: {body: x}\nexpect: {}\n", 1, ""),
    "a/level.yaml": (GOOD + "level: moist\n", 9, "level"),
    "a/deep.yaml": (
        GOOD + "expect_in:\n  gemini:\n    tool_calls:\n    - nam: f\n",
        12,
        "expect_in.gemini.tool_calls.0.nam",
    ),
    "a/by-dialect.yaml": (
        "title: T\nwhy: W\nexpect: {}\nresponses:\n  gemini:\n    bod: x\n",
        6,
        "responses.gemini.bod",
    ),
    "a/request.yaml": (GOOD + "request:\n  messages:\n  - role: usr\n    content: x\n", 11, "request.messages.0.role"),
    "a/fault.yaml": (
        GOOD.replace("expect:", "  faults:\n  - cut: {after_frame: 1}\nexpect:"),
        8,
        "response.faults.0.cut.after_frame",
    ),
    "a/own-id.yaml": (GOOD + "id: x/y\n", 9, "id"),
    "a/not-yaml.yaml": ("title: [\n", 2, ""),
    "a/list.yaml": ("- title: x\n", 1, ""),
    "a/twice.yaml": (GOOD + "title: again\n", 9, ""),
    "lonely.yaml": (GOOD, 1, ""),
    "a/Capital.yaml": (GOOD, 1, ""),
    "a/short.yml": (GOOD, 1, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_line_and_field(tmp_path: Path, name: str) -> None:
    content, line, field = BAD[name]
    with pytest.raises(BadCatalogue) as refusal:
        load_catalogue(write(tmp_path, {name: content}))
    (problem,) = refusal.value.problems
    assert (problem.path, problem.line, problem.field) == (tmp_path / name, line, field), str(problem)
    assert str(problem).startswith(f"{tmp_path / name}:{line}: ")


def test_all_bad_files_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue) as refusal:
        load_catalogue(
            write(tmp_path, {name: content for name, (content, _, _) in BAD.items()} | {"a/good.yaml": GOOD})
        )
    assert {problem.path for problem in refusal.value.problems} == {tmp_path / name for name in BAD}


def test_several_mistakes_in_one_file_are_reported_in_order(tmp_path: Path) -> None:
    content = GOOD.replace("finish: stop", "finish: halt") + "level: moist\n"
    with pytest.raises(BadCatalogue) as refusal:
        load_catalogue(write(tmp_path, {"a/b.yaml": content}))
    assert [problem.line for problem in refusal.value.problems] == [6, 9]


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match="title is missing"):
        load_catalogue(write(tmp_path, {"a/b.yaml": GOOD.replace("title:", "# title:")}))


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no such folder"):
        load_catalogue(tmp_path / "nowhere")
