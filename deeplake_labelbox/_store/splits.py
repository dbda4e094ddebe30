"""Divide videos into parts, such as those for training and for evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.errors import ConfigurationError


def split_videos(
    videos: Iterable[int], parts: Mapping[str, float], *, seed: int
) -> dict[str, tuple[int, ...]]:
    """Divide videos at random; the same seed gives the same parts of the same videos.

    Args:
        videos: Values of ``video_idx``.
        parts: Share of the videos by name.
        seed: Seed of the order.

    Returns:
        The ``video_idx`` of each part, ascending.

    Raises:
        ConfigurationError: If the shares are not positive or do not add up to 1.
    """
    shares = check_shares(parts)
    order = shuffled(videos, seed)
    groups = np.split(order, np.cumsum(part_sizes(len(order), shares))[:-1])
    return {
        name: tuple(sorted(int(video) for video in group))
        for name, group in zip(parts, groups, strict=True)
    }


def check_shares(parts: Mapping[str, float], *, argument: str = "parts") -> NDArray[np.float64]:
    """Check the shares of parts.

    Args:
        parts: Share of the videos by name.
        argument: Name of the argument in messages.

    Raises:
        ConfigurationError: If they are not positive or do not add up to 1.
    """
    shares = np.array(list(parts.values()), dtype=np.float64)
    if not len(shares) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ConfigurationError(
            f"`{argument}` is {dict(parts)}; give each part a share above 0, so that they add up "
            f"to 1."
        )
    return shares


def shuffled(videos: Iterable[int], seed: int) -> NDArray[np.int64]:
    """Return the videos, each once, in the order in which parts take them."""
    return np.random.default_rng(seed).permutation(np.unique(np.fromiter(videos, np.int64)))


def part_sizes(count: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of videos of each part, by largest remainders; at least one if possible."""
    sizes = np.floor(shares * count + 1e-9).astype(np.int64)
    remainders = shares * count - sizes
    sizes[np.argsort(-remainders, kind="stable")[: count - int(sizes.sum())]] += 1
    while count >= len(shares) and (sizes == 0).any():
        sizes[np.argmax(sizes)] -= 1
        sizes[np.argmin(sizes)] += 1
    return sizes
