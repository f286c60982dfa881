"""What a run amounts to: the cases in one sentence, and the verdict in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from harness.cli.verdict_table import breaks_silently, hangs
from harness.report.entries import finding_trouble
from harness.report.visible import counted
from harness.runner.results import Result, Run


def duration(seconds: float) -> str:
    """A time in words, as exact as a person wants it."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def amount_lines(run: Run, *, verdict: bool, timed: bool) -> Iterator[Text]:
    """The sentences; that of cases only where there were some, the verdict and how long it took only if asked for."""
    if run.results:
        took = f" in {duration(run.footer.duration_s)}" if run.footer and timed else ""
        yield Text(f"\n{counted(len(run.results), 'case')}{took}: {', '.join(_counts(run.results))}")
    if verdict:
        words, style = _verdict(run)
        yield Text("" if run.results else "\n").append(words, style)


def _counts(results: Sequence[Result]) -> Iterator[str]:
    verdicts = Counter(each.verdict for each in results)
    broken = [each for each in results if each.verdict == "fail" and each.nonconformant]
    silent, stuck = sum(map(breaks_silently, broken)), sum(map(hangs, broken))
    hows = [f"{silent} silently"] * bool(silent) + [counted(stuck, "hang")] * bool(stuck)
    known = [each for each in results if each.verdict == "fail" and each.known]
    flaky = sum(each.flaky for each in known)
    unnoticed = sum(each.silent for each in known)
    other = verdicts["fail"] - len(broken) - len(known)
    listed = sum(each.verdict == "pass" and each.nonconformant for each in results)
    yield f"{verdicts['pass']:,} pass{_in_brackets([f'{listed} listed as known to fail'] * bool(listed))}"
    yield f"{len(broken):,} fail{_in_brackets(hows)}"
    if known:
        of_them = [f"{unnoticed} silently"] * bool(unnoticed) + [f"{flaky} flaky"] * bool(flaky)
        yield f"{len(known):,} fail as known{_in_brackets(of_them)}"
    if other:
        yield f"{other:,} fail a should or may"
    if verdicts["error"]:
        yield f"{verdicts['error']:,} not measured"
    if verdicts["unsupported"]:
        yield f"{verdicts['unsupported']:,} unsupported"


def _in_brackets(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _verdict(run: Run) -> tuple[str, str]:
    """What follows from it, and the colour of that."""
    if wrong := list(_wrong(run)):
        return f"not conformant: {', '.join(wrong)}", "bold red"
    lost = sum(each.verdict == "error" for each in run.results)
    lost += sum(each.verdict == "error" for each in run.searches)
    if lost:
        return f"no verdict: {lost} could not be measured", "bold yellow"
    if run.footer is None or run.footer.interrupted:
        return "no verdict: the run is not whole", "bold yellow"
    verdicts = {each.verdict for each in run.results} | {each.verdict for each in run.recordings}
    verdicts |= {each.verdict for each in run.searches}
    if not verdicts & {"pass", "fail"}:
        return "nothing was judged", "bold yellow"
    known = sum(bool(each.known) and each.verdict == "fail" for each in run.results)
    known += sum(bool(finding.known) for search in run.searches for finding in search.findings)
    return f"conformant but for {counted(known, 'known failure')}" if known else "conformant", "bold green"


def _wrong(run: Run) -> Iterator[str]:
    """All that makes the exit status 1, counted."""
    over = [each for each in run.results if each.expired and each.nonconformant]
    stale = sum(each.stale for each in run.results)
    musts = sum(each.verdict == "fail" and each.nonconformant and not each.expired for each in run.results)
    findings = [(search, each) for search in run.searches for each in search.findings if each.nonconformant]
    unread = sum(each.verdict == "fail" for each in run.recordings)
    if musts:
        yield f"{counted(musts, 'case')} {'fails' if musts == 1 else 'fail'} a must"
    if found := sum(not finding_trouble(each) for _, each in findings):
        yield f"searches found {counted(found, 'failure')} of a must"
    if unread:
        yield f"{counted(unread, 'recording')} {'does' if unread == 1 else 'do'} not hold"
    if stale:
        yield f"{counted(stale, 'known failure')} {'passes' if stale == 1 else 'pass'}"
    if expired := len(over) + sum(bool(finding_trouble(each)) for _, each in findings):
        yield f"{counted(expired, 'known failure')} {'is' if expired == 1 else 'are'} no longer excused"
