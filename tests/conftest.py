"""Settings and fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

DATA_VARIABLE = "SKLEARN_WBN_DATA"

# No display on a test machine; subprocesses inherit it.
os.environ.setdefault("MPLBACKEND", "Agg")

# Set for pytest-xdist's workers by readline, which pytest imports.
os.environ.pop("COLUMNS", None)

# Workers already fill the cores; more threads would only fight over them.
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)

# The same examples in every run; torch's first call is slow, so no deadline.
settings.register_profile("sklearn_wbn", deadline=None, derandomize=True)
settings.load_profile("sklearn_wbn")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a data folder that is named but missing."""
    folder = os.environ.get(DATA_VARIABLE)
    if folder and not Path(folder).is_dir():
        raise pytest.UsageError(f"{DATA_VARIABLE}={folder!r} is not a folder")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out the tests that read the real data where there is none."""
    if os.environ.get(DATA_VARIABLE):
        return
    left_out = [item for item in items if "data_dir" in item.fixturenames]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so: pytest-xdist does not count what its workers deselect."""
    if not os.environ.get(DATA_VARIABLE):
        terminalreporter.write_line(
            f"{DATA_VARIABLE} is not set: tests that use the fixture `data_dir` "
            "(real data) were deselected",
            yellow=True,
        )


@pytest.fixture(scope="module", params=["loops", "operations"])
def arithmetic(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the norms compute by Numba's loops, then by stock operations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKLEARN_WBN_NUMBA", str(int(request.param == "loops")))
        yield request.param


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the real data sets; a test that asks for it needs them."""
    return Path(os.environ[DATA_VARIABLE]).resolve()


@pytest.fixture
def close_figures() -> Iterator[None]:
    """Close the figures of a test."""
    yield
    from matplotlib import pyplot as plt

    plt.close("all")
