"""`predict_proba` on many rows and on one, beside scikit-learn's network."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial

from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import make_data, make_mlp, make_ours
from benchmarks.stopwatch import UNTIL_THREADS_SLEEP, Timing, time_in_turn

N_ROWS = 100_000
TRAINING_ROWS = 2000


def time_predictions(settings: Settings) -> Iterator[list[Timing]]:
    """Time predict_proba on many rows and on one."""
    X, y = make_data(N_ROWS, 30)
    rows = slice(TRAINING_ROWS)
    ours = make_ours((100,), 128, 1).fit(X[rows], y[rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch does not converge
        theirs = make_mlp((100,), 128, 1).fit(X[rows], y[rows])
    for n_rows, repeat in ((N_ROWS, 1), (1, 200)):
        contenders = {
            "MLPClassifier": partial(theirs.predict_proba, X[:n_rows]),
            "WBNMLPClassifier": partial(ours.predict_proba, X[:n_rows]),
        }
        yield time_in_turn(
            "predict_proba",
            f"{n_rows} x 30, hidden (100,)",
            contenders,
            runs=2 * settings.runs,
            repeat=repeat,
            pause=UNTIL_THREADS_SLEEP,
        )
