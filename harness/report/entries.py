"""What lists of known failures have to do with a result, in words that say where the entry stands and what to do."""

from __future__ import annotations

from harness.runner.results import FuzzFinding, Result


def entry_trouble(result: Result) -> str:
    """Why its entry as a known failure fails the run, and how that is mended; empty where it does not."""
    if not result.nonconformant:
        return ""
    if result.stale:
        return f"{_place(result)}it is listed as a known failure, and passes: remove the entry"
    return _over(result)


def finding_trouble(finding: FuzzFinding) -> str:
    """Why the entry of what a search found no longer excuses it; empty where it does, or there is none."""
    return _over(finding)


def entry_words(result: Result | FuzzFinding) -> str:
    """What excuses it, in words: the reason, that it is flaky, and until when; empty where nothing does."""
    if not result.known:
        return ""
    how = "flaky: " if isinstance(result, Result) and result.flaky else ""
    until = f" (until {result.known_until})" if result.known_until else ""
    return f"{how}{result.known}{until}"


def _over(result: Result | FuzzFinding) -> str:
    if not result.expired:
        return ""
    return (
        f"{_place(result)}it was listed as known until {result.known_until}, which is over: look again, and set a "
        f"later day or remove the entry ({result.expired})"
    )


def _place(result: Result | FuzzFinding) -> str:
    return f"{result.known_place}: " if result.known_place else ""
