from msgspec.structs import replace

from harness.report.recordings import grouped, recordings_line

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
