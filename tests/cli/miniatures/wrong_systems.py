"""Systems that run in this process and do not do what they should."""

from collections.abc import AsyncGenerator

from harness.events import AnyEvent, Finish, Text
from harness.systems.base import Case, Description


class Deaf:
    """Answers without ever asking the server."""

    description = Description("deaf", "1", "python", ("openai-chat",))

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        yield Text("Goodbye.")
        yield Finish("stop")


class Mute:
    """Speaks no dialect that there is."""

    description = Description("mute", "1", "python", ("semaphore",))

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        yield Finish("stop")
