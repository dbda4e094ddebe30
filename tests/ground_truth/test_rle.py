"""Run-length encoded masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_lengths import compressed, run_lengths

from deeplake_labelbox._formats.rle import decode_rle


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    density=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_run_lengths_of_both_spellings(shape, density, seed):
    pixels = np.random.default_rng(seed).random(shape) < density
    lengths = run_lengths(pixels)
    size = list(shape)
    for counts in (lengths, compressed(lengths), compressed(lengths).encode()):
        assert (decode_rle({"size": size, "counts": counts}) == pixels).all()


@pytest.mark.parametrize(
    "rle",
    [
        {"size": [2, 2], "counts": [5]},
        {"size": [2, 2], "counts": [-1, 5]},
        {"size": [2, 2], "counts": "P"},
        {"size": [2, 2], "counts": "\x00"},
        {"size": [2, 2], "counts": "PPPPPPPPPPPPPPPPPP"},
        {"size": [2, 2], "counts": "oooooooooooooooo0"},
        {"size": [10**6, 10**6], "counts": [10**12]},
        {"size": [2], "counts": [4]},
        {"counts": [4]},
        {"size": [2, 2], "counts": [2**70]},
        {"size": [2, 2], "counts": [2**62, 2**62, 2**62, 2**62, 4]},
        {"size": [2, float("inf")], "counts": [4]},
    ],
)
def test_broken_run_lengths(rle):
    with pytest.raises(ValueError, match=r"runs|pixels|size"):
        decode_rle(rle)
