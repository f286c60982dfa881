from msgspec.structs import replace

from harness.report.recordings import grouped, left_out, recordings_line

from .sample import recording_of


def test_recordings_are_counted_by_provider_and_dialect() -> None:
    recordings = [
        recording_of("a"),
        recording_of("b", "fail"),
        replace(recording_of("c"), provider="another"),
    ]
    groups = grouped(recordings)
    assert [(group.provider, group.passed, group.failed, group.size) for group in groups] == [
        ("another", 1, 0, 2048),
        ("example", 1, 1, 4096),
    ]
    assert groups[0].key == ("reference", "another", "openai-chat")


def test_all_recordings_in_one_sentence() -> None:
    line = recordings_line([recording_of("a"), recording_of("b", "fail")])
    assert line == "1 of 2 streams from 1 provider hold, read whole and in 14 other cuttings."


def test_what_was_not_read_is_told_with_its_reason() -> None:
    other = replace(recording_of("a", "unsupported"), dialect="cohere-v2")
    plain, unknown = (
        replace(recording_of(name, "unsupported"), golden=True, problems=[reason])
        for name, reason in (("cassette/a#0", "it has no golden transcript"), ("cassette/a#1", "no known dialect"))
    )
    assert left_out([recording_of("b"), replace(recording_of("c"), golden=True)]) == ""
    assert left_out([other]) == "Not decoded: 1 stream of other dialects: cohere-v2 (1)."
    assert left_out([other, plain, plain, unknown]) == (
        "Not decoded: 1 stream of other dialects: cohere-v2 (1). "
        "Not compared: 3 recorded exchanges: it has no golden transcript (2); no known dialect (1)."
    )
