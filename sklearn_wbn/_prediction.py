"""Inference on a folded network, in chunks that stay in the cache."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from sklearn_wbn._batches import as_tensor
from sklearn_wbn._onnx import onnx_model
from sklearn_wbn._threads import one_thread_in_workers
from sklearn_wbn._training_data import PRECISIONS

_CHUNK_ROWS = 4096

Head = Callable[[Tensor], Tensor]


class PredictionMixin:
    """Prediction methods of a classifier that holds a folded network."""

    classes_: NDArray[Any]
    _folded: nn.Sequential

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Compute the logits, after logit adjustment.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log odds of the second; else one column a class.
        """
        return self._predict(X, decision)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        codes = self._predict(X, lambda logits: logits.argmax(dim=1))
        return self.classes_[codes]  # type: ignore[no-any-return]

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict class probabilities, equation (10).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities under the weighted loss, in the order of `classes_`.
        """
        return self._predict(X, lambda logits: logits.softmax(dim=1))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the logarithms of class probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Natural logarithms, in the order of `classes_`.
        """
        return self._predict(X, lambda logits: logits.log_softmax(dim=1))

    def export_onnx(self, path: str | PathLike[str]) -> None:
        """Write the fitted classifier to an ONNX file.

        The file holds the network that predicts, with the norms and the logit
        adjustment folded in. Its input ``X`` is float32 of shape (n, n_features);
        its outputs are ``label`` of shape (n,), int64 or strings, and
        ``probabilities`` of shape (n, n_classes), as from skl2onnx without a ZipMap.
        Inside it computes in the precision of training: train on float32 for a file
        of half the size.

        Parameters
        ----------
        path : str or path-like
            File to write; replaced where it exists.

        Raises
        ------
        ImportError
            If onnx is not installed, ``pip install 'sklearn-wbn[onnx]'``.
        TypeError
            If the labels are neither strings nor whole numbers.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_wbn import WBNMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> clf = WBNMLPClassifier((8,), max_iter=5, random_state=0).fit(X, y)
        >>> clf.export_onnx("iris.onnx")
        """
        check_is_fitted(self, "_folded")
        model = onnx_model(self._folded, self.classes_)
        Path(path).write_bytes(model.SerializeToString())

    @one_thread_in_workers()
    def _predict(self, X: ArrayLike, head: Head) -> NDArray[Any]:
        check_is_fitted(self, "_folded")
        rows = validate_data(self, X, dtype=PRECISIONS, reset=False)
        return apply_in_chunks(self._folded, rows, head)


@torch.inference_mode()
def apply_in_chunks(
    network: nn.Sequential, X: NDArray[Any], head: Head
) -> NDArray[Any]:
    """Run a folded network over an array.

    Parameters
    ----------
    network : nn.Sequential
        From `WBNMLP.folded`.
    X : ndarray of shape (n_samples, n_features)
        Data, float32 or float64; converted chunk by chunk.
    head : callable
        Applied to the logits of each chunk.

    Returns
    -------
    ndarray of shape (n_samples, ...)
        Results, in the precision of the network.
    """
    weight = network[-1].weight
    assert isinstance(weight, Tensor)
    rows = as_tensor(X, torch.device("cpu"))
    chunks = [rows] if len(rows) <= _CHUNK_ROWS else rows.split(_CHUNK_ROWS)
    results = [head(network(chunk.to(weight.device, weight.dtype))) for chunk in chunks]
    return (results[0] if len(results) == 1 else torch.cat(results)).cpu().numpy()


def decision(logits: Tensor) -> Tensor:
    """Return scikit-learn's decision values: one column less where there are two."""
    return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits
