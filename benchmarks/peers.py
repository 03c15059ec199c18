"""What the speed benchmark compares with: the loops that users would write instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from numpy.typing import NDArray
from torch import nn


def torch_loop(
    X: NDArray,
    y: NDArray,
    hidden_layer_sizes: Sequence[int],
    *,
    batch_size: int,
    epochs: int,
    norm: bool,
) -> nn.Sequential:
    """Train as a bare torch loop does: no weights, Adamax, shuffled mini-batches.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data, float32.
    y : ndarray of shape (n_samples,)
        Class indices, 0 or 1.
    hidden_layer_sizes : sequence of int
        Units of the hidden layers.
    batch_size, epochs : int
        Length of a mini-batch and of the training.
    norm : bool
        Whether `nn.BatchNorm1d` stands before each activation.

    Returns
    -------
    nn.Sequential
        The trained network.
    """
    network = _network([X.shape[1], *hidden_layer_sizes], norm)
    inputs, target = torch.from_numpy(X), torch.from_numpy(y)
    optimizer = torch.optim.Adamax(network.parameters(), lr=0.002)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs)).split(batch_size):
            optimizer.zero_grad()
            loss = loss_of(network(inputs[rows]), target[rows])
            loss.backward()
            optimizer.step()
    return network


def _network(sizes: Sequence[int], norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers.append(nn.Linear(n_in, n_out, bias=not norm))
        if norm:
            layers.append(nn.BatchNorm1d(n_out))
        layers.append(nn.Tanh())
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 2))
