"""Images that lose something: one copy of CIFAR-10 consists of JPEG files."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.task import Features

# The copy has 75; a lower number loses more. At 75 again, next to nothing would change.
QUALITY = 50


def compressed(X: Features) -> Features:
    """Write images as JPEG and read them again.

    Parameters
    ----------
    X : ndarray of shape (n_images, n_pixels)
        Square grey images, 0 to 1.

    Returns
    -------
    ndarray of the shape of `X`
        What is left of them.
    """
    side = math.isqrt(X.shape[1])
    pixels = np.rint(255 * X).astype(np.uint8).reshape(-1, side, side)
    read = np.stack([_through_file(image) for image in pixels])
    return (read.reshape(X.shape) / 255).astype(X.dtype)


def _through_file(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(file))
