"""Prediction methods: heads on the logits of the folded network."""

from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from sklearn_wbn._inference import FoldedNetwork, Head
from sklearn_wbn._onnx import onnx_model
from sklearn_wbn._training_data import PRECISIONS


class PredictionMixin:
    """Prediction methods of a classifier that holds a folded network."""

    classes_: NDArray[Any]
    _folded: FoldedNetwork

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

        Raises
        ------
        NotFittedError
            If there is no fitted network.
        ValueError
            If the data is not as in training, or too large for its precision.
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

        Raises
        ------
        NotFittedError
            If there is no fitted network.
        ValueError
            If the data is not as in training, or too large for its precision.
        """
        codes = self._predict(X, lambda logits: logits.argmax(dim=0))
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

        Raises
        ------
        NotFittedError
            If there is no fitted network.
        ValueError
            If the data is not as in training, or too large for its precision.
        """
        return self._predict(X, lambda logits: logits.softmax(dim=0))

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

        Raises
        ------
        NotFittedError
            If there is no fitted network.
        ValueError
            If the data is not as in training, or too large for its precision.
        """
        return self._predict(X, lambda logits: logits.log_softmax(dim=0))

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
        NotFittedError
            If there is no fitted network.
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
        model = onnx_model(self._folded.network, self.classes_)
        Path(path).write_bytes(model.SerializeToString())

    def _predict(self, X: ArrayLike, head: Head) -> NDArray[Any]:
        if not hasattr(self, "_folded"):  # the check itself takes longer than this
            check_is_fitted(self, "_folded")
        rows = validate_data(self, X, dtype=PRECISIONS, reset=False)
        return self._folded.apply(rows, head)


def decision(logits: Tensor) -> Tensor:
    """Return scikit-learn's decision values: one row less where there are two."""
    return logits[1] - logits[0] if logits.shape[0] == 2 else logits
