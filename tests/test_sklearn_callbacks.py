"""scikit-learn's callbacks where it has them, and nothing of them where it has not."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.fixes import parse_version

from tests.samples import imbalanced, quick

HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")


class Recorder:
    """A callback that notes what it is told."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []
        self.scores = []

    def setup(self, estimator, context):
        self.events.append(("setup", context.max_subtasks))

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(
        self, estimator, context, *, X, y, metadata=None, fitted_estimator=None
    ):
        self.events.append(("end", context.task_name, context.task_id))
        self.scores.append(balanced_accuracy_score(y, fitted_estimator.predict(X)))
        self.metadata = metadata
        return context.task_name == "epoch" and context.task_id == self.stop_after

    def teardown(self, estimator, context):
        self.events.append(("teardown",))


def epochs(n):
    return [(what, "epoch", i) for i in range(n) for what in ("begin", "end")]


def expected_events(n):
    fit = [("begin", "fit", 0), *epochs(n), ("end", "fit", 0)]
    return [("setup", 3), *fit, ("teardown",)]


if HAS_CALLBACKS:
    from sklearn.callback import ProgressBar, ScoringMonitor
    from sklearn.model_selection import GridSearchCV

    @pytest.mark.parametrize("statistics", ["batch_mean", "moving", "population"])
    def test_callback_hears_every_epoch_and_changes_nothing(statistics):
        X, y = imbalanced()
        clf = quick(inference_statistics=statistics, batch_size=32, dropout=0.2)
        plain = clone(clf).fit(X, y)
        recorder = Recorder()
        clf.set_callbacks(recorder).fit(X, y)
        assert recorder.events == expected_events(3)
        assert recorder.metadata is None
        assert clf.loss_curve_ == plain.loss_curve_
        assert np.array_equal(clf.predict_proba(X), plain.predict_proba(X))
        score = balanced_accuracy_score(y, clf.predict(X))
        assert recorder.scores[-2:] == [score, score]

    def test_callback_can_stop_training():
        X, y = imbalanced()
        recorder = Recorder(stop_after=1)
        clf = quick().set_callbacks(recorder).fit(X, y)
        assert recorder.events == expected_events(2)
        assert clf.n_iter_ == 2

    def test_callback_sees_the_rows_that_count_with_their_weights():
        X, y = imbalanced()
        weight = np.arange(len(y)) % 3
        recorder = Recorder()
        quick().set_callbacks(recorder).fit(X, y, weight)
        kept = weight[weight > 0]
        assert recorder.metadata["sample_weight"].tolist() == kept.tolist()

    def test_callback_is_torn_down_when_fit_fails():
        X, y = imbalanced()
        recorder = Recorder()
        clf = quick(learning_rate_init=1e200, activation="identity", normalization=None)
        with pytest.raises(ValueError, match="loss became"):
            clf.set_callbacks(recorder).fit(X, y)
        assert recorder.events[-1] == ("teardown",)

    def test_validation_score_and_monitor_agree():
        X, y = imbalanced()
        monitor = ScoringMonitor(scoring="balanced_accuracy")
        clf = quick(batch_size=32).set_callbacks(monitor)
        clf.fit(X, y, X_val=X, y_val=y)
        rows = [r for r in monitor.get_logs().data if r["task_name"] == "epoch"]
        assert [r["balanced_accuracy"] for r in rows] == clf.validation_scores_

    def test_progress_bar_of_scikit_learn(capsys):
        quick().set_callbacks(ProgressBar()).fit(*imbalanced())
        assert "100%" in capsys.readouterr().out

    def test_progress_bar_reaches_through_a_search(capsys):
        search = GridSearchCV(quick(), {"dropout": [0.1, 0.2]}, cv=2)
        search.set_callbacks(ProgressBar()).fit(*imbalanced())
        assert "WBNMLPClassifier" in capsys.readouterr().out

else:

    def test_older_scikit_learn_has_no_callbacks():
        assert not hasattr(quick(), "set_callbacks")
        assert quick().fit(*imbalanced()).n_iter_ == 3
