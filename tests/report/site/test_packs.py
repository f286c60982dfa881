import pytest

from harness.report.site.packs import pack, pack_name, unpack


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("canary/plain-text", "canary+plain-text.js"),
        ("Canary/plain", "_43anary+plain.js"),
        ("a+b/c_d", "a_2bb+c_5fd.js"),
        ("../../etc/passwd", "_2e.+..+etc+passwd.js"),
        ("schnee/❄", "schnee+_e2_9d_84.js"),
        ("x" * 120, "x" * 120 + ".js"),
        ("x" * 121, "x" * 120 + "~26560ce7.js"),
    ],
)
def test_the_name_of_a_pack_is_safe_on_every_file_system(scenario: str, name: str) -> None:
    assert pack_name(scenario) == name


def test_scenarios_of_different_names_have_packs_of_different_names() -> None:
    names = ["a/b", "a-b", "a+b", "A/b", "a/B", "a_b", "a/" + "b" * 200, "a/" + "b" * 201, "a.b", ".a/b"]
    assert len({pack_name(each).lower() for each in names}) == 10


def test_a_pack_gives_back_what_was_put_in() -> None:
    cells = {"one@1/gemini": "<title>A</title>\nsame\nown ❄\n", "two@2/gemini": "<title>B</title>\nsame\n"}
    assert unpack(pack("canary/plain-text", cells)) == ("canary/plain-text", cells)


def test_lines_that_cells_share_lie_in_a_pack_once() -> None:
    line = "".join(f"{number * 7919 % 100_003:x}" for number in range(2_000))
    one, forty = ({f"system-{number}@1/x": line for number in range(count)} for count in (1, 40))
    assert len(pack("a/b", forty)) < len(pack("a/b", one)) + 500


def test_nothing_in_a_pack_can_end_its_call_or_its_script() -> None:
    text = pack("a/b", {"x@1/y": '");</script><script>alert(1)//'})
    assert text.startswith('harnessCells("') and text.endswith('");\n')
    assert not set(text[14:-4]) & set("\"'<>\\\n;")


@pytest.mark.parametrize("text", ["", "alert(1)", 'harnessCells("YWJj");\n'])
def test_what_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no pack of cells"):
        unpack(text)
