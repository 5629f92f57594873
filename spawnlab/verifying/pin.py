"""Writing what a transaction's scripts come to into its file, as what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from ..scenarios.check import expectation_of
from ..scenarios.errors import ScenarioError
from ..scenarios.load import located, read_text
from ..scenarios.mock.expectations import with_expectations
from ..scenarios.mock.model import ScriptExpectation
from ..scenarios.mock.read import SIZE_MAX
from .verify import Verification


def pin(made: Verification) -> None:
    """Rewrite the file with the exit code or error, and the cycles, of each script.

    The file is the old one until the new one is complete; of a link it is the file that it leads to. Raises
    :class:`~spawnlab.scenarios.errors.ScenarioError` where it can't be written, or where not all scripts were run.
    """
    file = made.whole.file
    if len(made.scripts) != len(made.whole.verifier.groups):
        raise ScenarioError("--pin is for all scripts of a file, not for one", file=str(file))
    text = read_text(file, size_max=SIZE_MAX)
    try:
        new = with_expectations(text, made.whole.mock, list(_expected(made)))
    except ScenarioError as error:
        raise located(error, text, ".json").in_file(str(file)) from None
    try:
        _replace(file.resolve(), new.encode())
    except OSError as error:
        raise ScenarioError(error.strerror or "can't be written", file=str(file)) from None


def _replace(file: Path, content: bytes) -> None:
    """Write a file anew by way of another one beside it; raises :class:`OSError`, for one that is read-only too."""
    with file.open("r+b"):
        pass
    with NamedTemporaryFile("wb", dir=file.parent, prefix=f".{file.name}.", delete=False) as other:
        made = Path(other.name)
        try:
            other.write(content)
            other.close()
            made.chmod(file.stat().st_mode)
            made.replace(file)
        except BaseException:
            made.unlink(missing_ok=True)
            raise


def _expected(made: Verification) -> Iterator[ScriptExpectation]:
    for script in made.scripts:
        expected = expectation_of(script.outcome)
        yield ScriptExpectation(script=script.address, **msgspec.structs.asdict(expected))
