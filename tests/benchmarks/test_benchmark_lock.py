"""Two commands do not write one results file at the same time."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.lock import only_writer

HOLD = """
import sys
from pathlib import Path
from benchmarks.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "results.csv"


@pytest.fixture
def other_run(path: Path) -> Iterator[subprocess.Popen]:
    """Another process that writes the file until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.usefixtures("other_run")
@pytest.mark.parametrize(
    "command",
    [
        ["paper", "--dataset", "digits", "--methods", "logistic", "--draws", "1"],
        ["speed", "--parts", "import"],
    ],
)
def test_second_command_ends_at_once(
    command: list[str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--output", str(path)]) == 2
    assert f"Another run is writing {path}. Wait until it ends" in (
        capsys.readouterr().err
    )
    assert not path.exists()


def test_killed_run_locks_nothing(path: Path, other_run: subprocess.Popen) -> None:
    with pytest.raises(BenchmarkError, match="Another run"), only_writer(path):
        pass
    other_run.kill()
    other_run.wait()
    with only_writer(path):
        pass
    assert list(path.parent.iterdir()) == []


def test_worker_processes_of_one_command_do_not_lock_it_out(path: Path) -> None:
    command = ["paper", "--dataset", "digits", "--methods", "a,d", "--epochs", "1"]
    files = ["--output", str(path)]
    for draws in ("1", "2"):
        assert main([*command, *files, "--jobs", "2", "--draws", draws]) == 0
    assert list(path.parent.iterdir()) == [path]


def test_file_that_cannot_be_written_is_named_before_any_training(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "results.csv"
    match = r"results\.csv cannot be written: .*file"
    with pytest.raises(BenchmarkError, match=match), only_writer(path):
        pytest.fail("nothing may be done")
