"""What a person sees while a provider is recorded: the plan in words, a line for each probe, a bar on a terminal."""

from __future__ import annotations

from decimal import Decimal
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from harness.endpoints.plan import Plan
from harness.endpoints.session import Asking, Outcome, Told, Waiting


def dollars(cost: Decimal | None) -> str:
    """A cost as it is shown."""
    if cost is None:
        return "price unknown"
    return f"${cost:.4f}" if cost else "nothing"


def plan_in_words(plan: Plan) -> str:
    """What a plan amounts to, in a line or two."""
    words = (
        f"{plan.requests} requests, {plan.most_requests} at most; up to {plan.input_tokens:,} tokens in"
        f" and {plan.output_tokens:,} out for the first; "
    )
    words += f"for up to {dollars(plan.cost)}" if plan.cost else "at unknown prices" if plan.unpriced else "free"
    if plan.cost and plan.unpriced:
        words += " and what is unknown"
    if plan.unpriced:
        words += f"\nno price is known for {', '.join(plan.unpriced)}"
    over_long = sum((step.cost or Decimal(0) for step in plan.steps if step.probe.overflows), Decimal(0))
    if over_long:
        words += f"\n{dollars(over_long)} of it only where an over-long prompt is taken rather than refused"
    return words


class RecordProgress:
    """A context manager that shows a recording on stderr; the bar only where stderr is a terminal."""

    def __init__(self, plan: Plan, *, quiet: bool) -> None:
        self.kept = 0
        """Cassettes that were written."""
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=self._console, disable=quiet or not self._console.is_terminal)
        self._task = self._bar.add_task("probes", total=plan.requests)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, words: str) -> None:
        """A line for people."""
        self._console.print(words, markup=False, soft_wrap=True)

    def tell(self, told: Told) -> None:
        """What the session tells."""
        match told:
            case Asking(step=step, number=number):
                again = f", try {number}" if number > 1 else ""
                self._bar.update(self._task, description=f"{step.where.dialect} {step.probe.name}{again}")
            case Waiting(step=step, seconds=seconds, reason=reason):
                self.say(f"{step.where.dialect} {step.probe.name}: waiting {seconds:.3g} s: {reason}")
            case Outcome():
                self.kept += told.file is not None
                why = f": {told.why}" if told.why else ""
                self.say(f"{told.dialect} {told.probe}: {told.state}{why}")
                self._bar.advance(self._task)
