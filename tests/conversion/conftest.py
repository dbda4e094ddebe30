"""A small dataset to convert."""

import pytest
from training_datasets import make_dataset


@pytest.fixture(scope="session")
def small():
    return make_dataset("mem://conversion")
