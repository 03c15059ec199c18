"""The paper's variant without the last, smaller mini-batch."""

import pytest
from sklearn.datasets import make_classification

from benchmarks.whole_batches import WholeBatches
from sklearn_wbn import WBNMLPClassifier


@pytest.mark.parametrize("statistics", ["batch_mean", "population"])
def test_the_smaller_batch_is_left_out(statistics):
    X, y = make_classification(70, random_state=0)
    clf = WBNMLPClassifier(
        (4,),
        batch_size=32,
        max_iter=3,
        random_state=0,
        inference_statistics=statistics,
        callbacks=[WholeBatches()],
    ).fit(X, y)
    assert clf.net_.history[:, "train_batch_count"] == [2, 2, 2]
    assert clf.predict(X).shape == y.shape
