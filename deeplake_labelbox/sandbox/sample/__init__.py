"""The sample project of the sandbox: short videos whose pictures show exactly their labels.

Pictures and annotations are both generated from plain data (:mod:`.crossing`, :mod:`.harbor`), so
the expected content of every frame can be computed without either.
"""

from deeplake_labelbox.sandbox.sample.ontology import sample_ontology
from deeplake_labelbox.sandbox.sample.project import add_sample_project, sample_videos
from deeplake_labelbox.sandbox.sample.video import SampleVideo

__all__ = ["SampleVideo", "add_sample_project", "sample_ontology", "sample_videos"]
