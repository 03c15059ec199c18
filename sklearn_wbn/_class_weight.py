"""Class weights and effective class sizes: section 2, equations (3) to (7).

======  =====================================================================
symbol  meaning
======  =====================================================================
N_k     size of class k, the sum of its sample weights (`class_count`)
N       size of the data, `sum_k N_k`
K       number of classes
beta    overlap of rows in the class-balanced loss, in [0, 1)
======  =====================================================================
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def inverse_class_frequency(class_count: ArrayLike) -> Float:
    """Compute the weight of each class by inverse class frequency (ICF).

    Parameters
    ----------
    class_count : array-like of shape (n_classes,)
        Size ``N_k`` of each class, in rows; positive.

    Returns
    -------
    ndarray of shape (n_classes,)
        ``N / N_k``.

    Raises
    ------
    ValueError
        If a count is not positive or not finite.

    See Also
    --------
    class_balanced : Goes from no weights to these.

    Notes
    -----
    Equation (5) of Yasuda, Xian & Ueno, arXiv:2001.01433. Proportional to
    scikit-learn's ``"balanced"``, which is ``N / (K N_k)``.

    Examples
    --------
    >>> from sklearn_wbn import inverse_class_frequency
    >>> inverse_class_frequency([1, 99]).round(2).tolist()
    [100.0, 1.01]
    """
    N_k = _check_count(class_count)
    weight: Float = N_k.sum() / N_k
    return weight


def class_balanced(
    class_count: ArrayLike, beta: float | Literal["auto"] = "auto"
) -> Float:
    """Compute the weight of each class by the class-balanced loss (CBL).

    Parameters
    ----------
    class_count : array-like of shape (n_classes,)
        Size ``N_k`` of each class, in rows; positive.
    beta : float in [0, 1) or "auto", default="auto"
        0 weights all classes alike; toward 1 the weights approach ``1 / N_k``.
        ``"auto"`` is ``(N - 1) / N``.

    Returns
    -------
    ndarray of shape (n_classes,)
        ``(1 - beta) / (1 - beta**N_k)``.

    Raises
    ------
    ValueError
        If a count is not positive or not finite, or if `beta` is outside [0, 1).

    See Also
    --------
    inverse_class_frequency : The limit of `beta` toward 1, times ``N``.

    Notes
    -----
    Equation (6) of Yasuda, Xian & Ueno, arXiv:2001.01433, whose print lost the
    exponent; after Cui et al., *Class-Balanced Loss Based on Effective Number of
    Samples*, CVPR 2019. Accurate to rounding for `beta` next to 1.

    Examples
    --------
    >>> from sklearn_wbn import class_balanced
    >>> class_balanced([5, 5000], beta=0.0).tolist()
    [1.0, 1.0]
    >>> weight = class_balanced([5, 5000])
    >>> round(weight[0] / weight[1])
    633
    """
    N_k = _check_count(class_count)
    beta = resolve_beta(beta, N_k)
    if beta == 0:
        return np.ones_like(N_k)
    # 1 - beta is exact; 1 - beta**N_k would cancel.
    weight: Float = (1 - beta) / -np.expm1(N_k * math.log(beta))
    return weight


def effective_class_size(class_count: ArrayLike, class_weight: ArrayLike) -> Float:
    """Compute the effective size of each class under given weights.

    Parameters
    ----------
    class_count : array-like of shape (n_classes,)
        Size ``N_k`` of each class, in rows.
    class_weight : array-like of shape (n_classes,)
        Weight of a row of each class.

    Returns
    -------
    ndarray of shape (n_classes,)
        Sum of the weights of each class, in rows of weight one.

    Raises
    ------
    ValueError
        If the two do not have the same shape.

    Notes
    -----
    Equation (3) of Yasuda, Xian & Ueno, arXiv:2001.01433; with CBL weights
    equation (7), with ICF weights ``N`` for every class.

    Examples
    --------
    >>> from sklearn_wbn import effective_class_size, inverse_class_frequency
    >>> count = [1, 99]
    >>> effective_class_size(count, inverse_class_frequency(count)).tolist()
    [100.0, 100.0]
    """
    count = np.asarray(class_count, dtype=np.float64)
    weight = np.asarray(class_weight, dtype=np.float64)
    if count.shape != weight.shape:
        raise ValueError(
            "class_count and class_weight must have the same shape, got "
            f"{count.shape} and {weight.shape}"
        )
    return count * weight


def compute_class_weight(
    class_weight: str | Mapping[Any, float] | None,
    *,
    classes: ArrayLike,
    y: ArrayLike,
    beta: float | Literal["auto"] = "auto",
    sample_weight: ArrayLike | None = None,
) -> Float:
    """Compute the weight of each class from labels.

    Parameters
    ----------
    class_weight : {"icf", "cbl", "balanced"}, dict or None
        ``"icf"`` and ``"cbl"`` as in the paper; ``"balanced"`` as scikit-learn,
        ``N / (K N_k)``; a dict from label to weight, where labels that are not
        named weigh one and, if all are named, others may be named too; None weighs
        every class one.
    classes : array-like of shape (n_classes,)
        Labels, sorted, as ``numpy.unique`` returns them.
    y : array-like of shape (n_samples,)
        Label of each row; each is in `classes`.
    beta : float in [0, 1) or "auto", default="auto"
        Parameter of ``"cbl"``, see `class_balanced`.
    sample_weight : array-like of shape (n_samples,), default=None
        How many rows each row counts for; None means one.

    Returns
    -------
    ndarray of shape (n_classes,)
        Weight of a row of each class, in the order of `classes`.

    Raises
    ------
    ValueError
        If `class_weight` is unknown, names an unknown label while one of `classes` is
        not named, or holds a negative weight, if `beta` is outside [0, 1), if a class
        has no rows, or if a label is not among `classes`, or they are not sorted.

    See Also
    --------
    sklearn.utils.class_weight.compute_class_weight : Knows ``"balanced"`` only.

    Notes
    -----
    Equations (5) and (6) of Yasuda, Xian & Ueno, arXiv:2001.01433.

    Examples
    --------
    >>> from sklearn_wbn import compute_class_weight
    >>> y = ["sound"] * 8 + ["faulty"] * 2
    >>> compute_class_weight("icf", classes=["faulty", "sound"], y=y).tolist()
    [5.0, 1.25]
    """
    classes = np.asarray(classes)
    codes = class_codes(classes, np.asarray(y))
    count = np.bincount(codes, weights=sample_weight, minlength=len(classes))
    return weight_of_classes(class_weight, classes, count, beta)


def class_codes(classes: NDArray[Any], y: NDArray[Any]) -> NDArray[np.intp]:
    """Turn labels into positions.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted labels.
    y : ndarray of shape (n_samples,)
        Labels.

    Returns
    -------
    ndarray of shape (n_samples,)
        Indices into `classes`.

    Raises
    ------
    ValueError
        If a label is not among `classes`, or they are not sorted.
    """
    codes = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    if not np.array_equal(classes[codes], y):
        raise ValueError(
            f"y holds labels {np.setdiff1d(y, classes).tolist()} that are not among "
            f"the classes {classes.tolist()}, or these are not sorted"
        )
    return codes


def weight_of_classes(
    class_weight: str | Mapping[Any, float] | None,
    classes: NDArray[Any],
    class_count: ArrayLike,
    beta: float | Literal["auto"] = "auto",
) -> Float:
    """Compute the weight of each class from the class sizes.

    Parameters
    ----------
    class_weight : {"icf", "cbl", "balanced"}, dict or None
        See `compute_class_weight`.
    classes : ndarray of shape (n_classes,)
        Labels.
    class_count : array-like of shape (n_classes,)
        Size of each class, in rows.
    beta : float in [0, 1) or "auto", default="auto"
        Parameter of ``"cbl"``.

    Returns
    -------
    ndarray of shape (n_classes,)
        Weight of a row of each class.

    Raises
    ------
    ValueError
        As `compute_class_weight`.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, Mapping):
        return _weights_of_mapping(class_weight, classes)
    if class_weight == "icf":
        return inverse_class_frequency(class_count)
    if class_weight == "balanced":
        return inverse_class_frequency(class_count) / len(classes)
    if class_weight == "cbl":
        return class_balanced(class_count, beta)
    raise ValueError(
        "class_weight must be 'icf', 'cbl', 'balanced', None or a dict from label to "
        f"weight, got {class_weight!r}"
    )


def resolve_beta(beta: float | Literal["auto"], class_count: ArrayLike) -> float:
    """Return `beta` as a number; ``"auto"`` is ``(N - 1) / N``.

    Parameters
    ----------
    beta : float in [0, 1) or "auto"
        Parameter of the class-balanced loss.
    class_count : array-like of shape (n_classes,)
        Size of each class, in rows.

    Returns
    -------
    float
        Number in [0, 1).

    Raises
    ------
    ValueError
        If `beta` is outside [0, 1).
    """
    if isinstance(beta, str):
        if beta != "auto":
            raise ValueError(f"beta must be a number in [0, 1) or 'auto', got {beta!r}")
        N = float(np.sum(class_count))
        # The quotient rounds to one where N is beyond 2**53.
        return min(max(0.0, (N - 1) / N), math.nextafter(1.0, 0.0))
    if not 0 <= beta < 1:
        raise ValueError(
            f"beta must be in [0, 1), got {beta!r}; for the limit of beta toward 1 "
            "use class_weight='icf'"
        )
    return float(beta)


def _check_count(class_count: ArrayLike) -> Float:
    count = np.asarray(class_count, dtype=np.float64)
    if count.ndim != 1 or not np.all((count > 0) & np.isfinite(count)):
        raise ValueError(
            "class_count must be a list of positive finite numbers, one per class, "
            f"got {class_count!r}"
        )
    return count


def _weights_of_mapping(
    class_weight: Mapping[Any, float], classes: NDArray[Any]
) -> Float:
    known = classes.tolist()
    unknown = [label for label in class_weight if label not in known]
    unnamed = [label for label in known if label not in class_weight]
    # A bootstrap sample or a fold may lack a class that the dict names, so it takes
    # both to tell a typo; the rule is scikit-learn's.
    if unknown and unnamed:
        raise ValueError(
            f"class_weight names labels that are not in the data: {unknown}; "
            f"the classes are {known}, and {unnamed} are not named"
        )
    weight = np.array([class_weight.get(label, 1.0) for label in known], np.float64)
    if not (np.all((weight >= 0) & np.isfinite(weight)) and weight.any()):
        raise ValueError(
            "class_weight must hold finite weights, none negative and not all zero, "
            f"got {dict(class_weight)}"
        )
    return weight
