"""The sample project of the sandbox: short videos whose pictures show what their labels say.

Everything is made from plain data (:mod:`.crossing`, :mod:`.harbour`): the pictures are drawn from
it and the annotations are written from it, so what every frame must hold can be computed without
either.
"""

from deeplake_labelbox.sandbox.sample.ontology import sample_ontology
from deeplake_labelbox.sandbox.sample.project import add_sample_project, sample_videos
from deeplake_labelbox.sandbox.sample.video import SampleVideo

__all__ = ["SampleVideo", "add_sample_project", "sample_ontology", "sample_videos"]
