"""A search over worker threads and processes finds what a search in one finds."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from tests.samples import imbalanced, quick

ROOT = Path(__file__).parents[1]

# Two torch threads are asked for, and used before the fork: with as many in the
# workers, these would wait forever. A fresh process, whose threads are its own.
FORKED = """
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_val_score
from tests.samples import imbalanced, quick

torch.set_num_threads(2)
torch.ones(500, 500) @ torch.ones(500, 500)
X, y = imbalanced(400)
with parallel_config("multiprocessing", n_jobs=2):
    print(cross_val_score(quick(hidden_layer_sizes=(300, 300)), X, y, cv=2).shape)
print(torch.get_num_threads())
"""

# A server that forks after it has loaded a model, without multiprocessing.
FORKED_SERVER = """
import os
import torch
from tests.samples import imbalanced, quick

torch.set_num_threads(2)
X, y = imbalanced(400)
clf = quick().fit(X, y)
torch.ones(500, 500) @ torch.ones(500, 500)
if os.fork() == 0:
    for n_rows in (1, 8, 400):
        clf.predict(X[:n_rows]), clf.predict_proba(X[:n_rows])
    clf.fit(X, y)
    os._exit(0)
print(os.wait()[1], torch.get_num_threads())
"""


def searched(**config):
    X, y = imbalanced()
    search = GridSearchCV(
        quick(class_weight="cbl"), {"beta": [0.0, 0.9, 0.99]}, cv=2, error_score="raise"
    )
    with parallel_config(**config):
        return search.fit(X, y).cv_results_["mean_test_score"]


@pytest.fixture
def dask_client():
    """Two workers of one thread each, in threads of this process."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_find_the_same_scores(backend):
    alone = searched(backend="sequential")
    np.testing.assert_allclose(searched(backend=backend, n_jobs=2), alone, rtol=1e-12)


def test_dask_cluster_finds_the_same_scores(dask_client):
    alone = searched(backend="sequential")
    np.testing.assert_allclose(searched(backend="dask"), alone, rtol=1e-12)
    assert len(dask_client.scheduler_info()["workers"]) == 2


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork here"
)
@pytest.mark.parametrize("omp_threads", [None, "2"])
@pytest.mark.parametrize(
    ("script", "expected"), [(FORKED, ["(2,)", "2"]), (FORKED_SERVER, ["0 2"])]
)
def test_forked_processes_do_not_wait_for_threads_that_were_not_forked(
    script, expected, omp_threads, monkeypatch
):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if omp_threads is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", omp_threads)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the workers with it
            raise
    assert printed.splitlines() == expected
