"""Images that lost something in JPEG files."""

import numpy as np
from sklearn.datasets import load_sample_image

from benchmarks.jpeg import compressed
from benchmarks.methods import training_of


def test_compressed_images_are_nearly_the_same():
    grey = load_sample_image("china.jpg")[:256, :256].mean(axis=2)
    X = (grey.reshape(8, 32, 8, 32).swapaxes(1, 2).reshape(64, -1) / 255).astype("f4")
    got = compressed(X)
    assert got.shape == X.shape
    assert got.dtype == X.dtype
    difference = np.abs(got - X)
    assert 0.005 < difference.mean() < 0.05


def test_an_even_image_stays_as_it_is():
    X = np.full((1, 64), 128 / 255, dtype=np.float32)
    np.testing.assert_allclose(compressed(X), X)


def test_other_images_need_a_training_of_their_own():
    assert training_of("d-jpeg") == "d-jpeg"
