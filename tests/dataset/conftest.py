"""The sample project's export, and what a build of it holds."""

import pytest
from sample_builds import create
from sample_oracle import contents

from deeplake_labelbox import ProjectExporter


@pytest.fixture(scope="module")
def export(sample_box, sample_client):
    return ProjectExporter(sample_client, sample_box.sample.id).export(progress=False)


@pytest.fixture(scope="module")
def undisturbed(request, sample_box, export):
    path = f"mem://undisturbed-{request.module.__name__}"
    return contents(create(sample_box, path, project_json=export)[0])
