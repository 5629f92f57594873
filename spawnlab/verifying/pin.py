"""Writing what a transaction's scripts come to into its file, as what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from ..scenarios.errors import ScenarioError
from ..scenarios.load import located, read_text
from ..scenarios.mock.expectations import with_expectations
from ..scenarios.mock.model import ScriptExpectation
from ..scenarios.mock.read import SIZE_MAX
from .verify import Verification


def pin(made: Verification) -> None:
    """Rewrite the file with the exit code or error, and the cycles, of each script that was run.

    The file is the old one until the new one is complete. Raises :class:`~spawnlab.scenarios.errors.ScenarioError`
    where it can't be written.
    """
    file = made.whole.file
    text = read_text(file, size_max=SIZE_MAX)
    try:
        new = with_expectations(text, made.whole.mock, list(_expected(made)))
    except ScenarioError as error:
        raise located(error, text, ".json").in_file(str(file)) from None
    try:
        _replace(file, new)
    except OSError as error:
        raise ScenarioError(error.strerror or "can't be written", file=str(file)) from None


def _replace(file: Path, text: str) -> None:
    """Write a file anew by way of another one beside it; raises :class:`OSError`."""
    with NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", encoding="utf-8", delete=False) as other:
        made = Path(other.name)
        try:
            other.write(text)
            other.close()
            made.chmod(file.stat().st_mode)
            made.replace(file)
        except BaseException:
            made.unlink(missing_ok=True)
            raise


def _expected(made: Verification) -> Iterator[ScriptExpectation]:
    for script in made.scripts:
        failure = script.outcome.failure
        yield ScriptExpectation(
            script=script.address,
            exit_code=script.exit_code,
            error=failure.variant if failure else None,
            cycles=script.cycles,
        )
