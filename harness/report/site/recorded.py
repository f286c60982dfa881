"""The page of real recorded streams."""

from __future__ import annotations

from harness.report.recordings import grouped, left_out
from harness.report.site.site import Site

BROKEN_LENGTH = 200
"""How many recordings that do not hold are spelt out."""


def write_recordings(site: Site) -> None:
    """Writes the page, where there are recordings; raises OSError."""
    recordings = site.matrix.recordings
    if not recordings:
        return
    site.write(
        "recordings.html",
        "recordings.html",
        groups=grouped(recordings),
        broken=[recording for recording in recordings if recording.verdict == "fail"],
        left_out=left_out(recordings),
        broken_length=BROKEN_LENGTH,
    )
