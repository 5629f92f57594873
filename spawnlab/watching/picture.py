"""A picture of the live view: ``python -m spawnlab.watching.picture docs/pictures/watch.svg``."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from .app import Watch
from .breakpoints import breakpoint_of
from .session import Session

WHAT = "gallery:deadlock"
SIZE = (126, 40)
_FONT = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


def picture() -> str:
    """An SVG of a run at its end, after a breakpoint. It fetches no font: a reader's own are used."""
    return asyncio.run(_picture())


async def _picture() -> str:
    session = Session(WHAT, breakpoints=[breakpoint_of("call read")])
    app = Watch(session, title=session.player.staging.build.scenario.title)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("e")
        while app.is_busy:
            await pilot.pause(0.01)
        await pilot.pause()
        return _FONT.sub("", app.export_screenshot(title=f"spawnlab watch {WHAT} --break 'call read'"))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
