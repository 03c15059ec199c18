"""`inference_statistics="auto"`: which statistics suit the mini-batches at hand.

The paper leaves open what new rows are normalized with (end of section 3.1). What does
well depends on whether a usual mini-batch holds minority rows, which is known before
training.
"""

from math import exp, lgamma

# Beyond this share of mini-batches without minority rows, most of them look like the
# majority alone, and so should new rows.
MOST = 0.5


def resolve_statistics(
    inference_statistics: str, n_minority: int, n_samples: int, batch_size: int
) -> str:
    """Replace ``"auto"`` by what suits the mini-batches.

    Parameters
    ----------
    inference_statistics : str
        As given by the user.
    n_minority : int
        Training rows outside the largest class.
    n_samples : int
        All training rows.
    batch_size : int
        Rows of a mini-batch.

    Returns
    -------
    str
        ``"population"`` where most mini-batches hold rows of the largest class alone,
        else ``"moving"``; other values as they are.
    """
    if inference_statistics != "auto":
        return inference_statistics
    share = share_without_minority(n_minority, n_samples, batch_size)
    return "population" if share > MOST else "moving"


def share_without_minority(n_minority: int, n_samples: int, batch_size: int) -> float:
    """Compute the chance that a mini-batch holds rows of the largest class alone.

    Parameters
    ----------
    n_minority : int
        Training rows outside the largest class.
    n_samples : int
        All training rows.
    batch_size : int
        Rows of a mini-batch, drawn without replacement.

    Returns
    -------
    float
        ``C(N - n, B) / C(N, B)``, hypergeometric.
    """
    n_majority = n_samples - n_minority
    if n_majority < batch_size:
        return 0.0
    return exp(
        _log_falling(n_majority, batch_size) - _log_falling(n_samples, batch_size)
    )


def _log_falling(n: int, k: int) -> float:
    """Return the logarithm of ``n (n - 1) ... (n - k + 1)``."""
    return lgamma(n + 1) - lgamma(n - k + 1)
