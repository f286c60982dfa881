import json
from typing import Any

from msgspec.structs import replace

from harness.report.matrix import build_matrix
from harness.report.site.matrix_data import encode_matrix, matrix_data, short_dialects
from harness.runner.results import Run

from ..sample import SITUATIONS, run_of, small_run
from ..sample_hostile import hostile_run


def data_of(run: Run) -> dict[str, Any]:
    return matrix_data(build_matrix([run]))


def one_failure() -> Run:
    """Three scenarios in two columns of one system, which corrupts the text of the last."""
    return run_of(("openai-python",), SITUATIONS[:3], {"openai-python": lambda place: "fail" if place == 2 else "pass"})


def test_a_row_has_two_letters_for_each_cell_and_tells_only_of_failures() -> None:
    passing, failing = data_of(one_failure())["rows"][1:]
    assert passing[:4] == [1, 0, "chunking/every-byte", "Every byte is a chunk of its own"]
    assert passing[5:] == ["cell.html?chunking/every-byte/", "pppp", []]
    assert failing[6:] == ["spsp", [0, 32, 0, 0, -1, 0, 1, 32, 0, 0, -1, 0]]


def test_numbers_stand_for_what_lists_name() -> None:
    data = data_of(one_failure())
    assert data["kinds"][5] == "corruption"  # the bit of 32
    assert data["words"] == ["the text is not the one that was sent"]
    assert data["levels"] == ["must", "should", "may"]
    assert data["families"] == ["canary", "chunking"]
    assert data["shorts"] == {"openai-chat": "chat", "openai-responses": "responses"}


def test_systems_and_columns_lead_to_their_pages_and_cells() -> None:
    data = data_of(one_failure())
    assert [each[:3] for each in data["systems"]] == [["openai-python", "3.52.0", "client"]]
    assert data["systems"][0][3].startswith("systems/openai-python-3.52.0-")
    assert data["columns"] == [
        [0, "openai-chat", "", "openai-python@3.52.0/openai-chat", ""],
        [0, "openai-responses", "", "openai-python@3.52.0/openai-responses", ""],
    ]


def test_every_state_has_its_letter() -> None:
    rows = {row[2]: row[6] for row in data_of(small_run())["rows"]}
    reference = "pppppppppp"
    assert rows["chunking/every-byte"] == reference + "uu" + "fpfp"
    assert rows["chunking/inside-a-character"] == reference + "ee" + "spsp"
    assert rows["ending/closed-mid-text"] == reference + "pp" + "psps"
    assert rows["ending/silence"] == reference + "ph" + "phph"


def test_a_case_that_did_not_run_has_dots() -> None:
    run = one_failure()
    gone = Run(run.header, run.results[:-1], (), run.footer)
    assert data_of(gone)["rows"][2][6] == "sp.."


def test_a_known_failure_has_its_reason_and_a_known_pass_too() -> None:
    run = one_failure()
    known = (
        replace(run.results[0], known="seen before"),
        *run.results[1:-1],
        replace(run.results[-1], known="a " * 200),
    )
    data = data_of(Run(run.header, known, (), run.footer))
    assert data["rows"][0][7] == [0, 0, 0, -1, 0, 0]
    assert data["rows"][2][7][6:] == [1, 32, 0, 1, 2, 0]
    assert data["words"][0] == "seen before"
    assert len(data["words"][2]) <= 200


def test_what_is_flaky_is_said_with_its_reason() -> None:
    run = one_failure()
    flaky = replace(run.results[-1], known="it races", flaky=True)
    assert "flaky: it races" in data_of(Run(run.header, (*run.results[:-1], flaky), (), run.footer))["words"]


def test_versions_of_one_system_are_told_apart() -> None:
    run = one_failure()
    older = tuple(replace(result, system_version="3.0.0") for result in run.results)
    data = data_of(Run(run.header, (*older, *run.results), (), None))
    assert [each[4] for each in data["systems"]] == [1, 1]


def test_dialects_that_share_a_last_word_keep_their_names() -> None:
    assert short_dialects(["a-chat", "b-chat", "gemini", "ai-sdk-ui"]) == {
        "a-chat": "a-chat",
        "b-chat": "b-chat",
        "gemini": "gemini",
        "ai-sdk-ui": "ui",
    }


def test_foreign_text_stays_text_in_the_script() -> None:
    script = encode_matrix(build_matrix([hostile_run()]))
    assert script.startswith("harnessMatrix({")
    assert script.endswith("});\n")
    assert not set(script) & set("<\u2028\u2029\u202e\u200b\x00\x7f\ud800")
    data = json.loads(script.removeprefix("harnessMatrix(").removesuffix(");\n"))
    assert "<script>document.title='owned'</script>" in data["rows"][0][3]


def test_the_same_results_give_the_same_script() -> None:
    assert encode_matrix(build_matrix([small_run()])) == encode_matrix(build_matrix([small_run()]))


def test_two_characters_a_cell_keep_the_script_small() -> None:
    run = run_of(("reference",), SITUATIONS[:1], {})
    copies = tuple(replace(result, scenario=f"canary/{number}") for number in range(1000) for result in run.results)
    script = encode_matrix(build_matrix([Run(run.header, copies, (), None)]))
    assert len(script) / len(copies) < 35
