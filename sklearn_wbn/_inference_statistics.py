"""`inference_statistics="auto"`: which statistics suit the mini-batches at hand.

The paper leaves open what new rows are normalized with (end of section 3.1). Statistics
of all training rows, layer by layer, are what a network sees when it predicts. Whether
they should be weighted as in training depends on whether a usual mini-batch holds
enough minority rows, which is known before training.
"""

from sklearn_wbn._norm_weight import Float, minority_rows

# Below so many minority rows in a mini-batch, statistics without class weights had more
# balanced accuracy and average precision on the tasks that settings were chosen on.
_WEIGHTED_FROM = 4


def resolve_statistics(
    inference_statistics: str,
    n: Float,
    weighted_norm: bool,
) -> str:
    """Replace ``"auto"`` by what suits the mini-batches.

    Parameters
    ----------
    inference_statistics : str
        As given by the user.
    n : ndarray of shape (n_classes,)
        Rows of each class in a mini-batch on average, two classes or more.
    weighted_norm : bool
        Whether the norms weigh the rows in training.

    Returns
    -------
    str
        ``"weighted_population"`` for weighted norms where a mini-batch holds on average
        four rows or more of some class but the largest, else ``"population"``; other
        values as they are.
    """
    if inference_statistics != "auto":
        return inference_statistics
    weighted = weighted_norm and minority_rows(n) >= _WEIGHTED_FROM
    return "weighted_population" if weighted else "population"
