"""The notebooks run from top to bottom, and their committed outputs are real, clean and small."""

import functools
import importlib.util
import json
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

# What must hold after the last cell; it runs in the notebook's own kernel. What a trained model
# finds differs between processors, so nothing here depends on which boxes those are.
FACTS = {
    "quickstart": """
assert len(dataset) == 112
assert not report.gaps
assert len(view) == 37
""",
    "training": """
assert len(losses) > 100
assert sum(losses[-8:]) < sum(losses[:8]) / 3
assert result.frames == len(whole)
assert all(score.ap50 > 0.5 for score in result.classes)
""",
    "import_ground_truth": """
def count(column):
    return sum(len(each) for each in unlabeled[column][:] if each is not None)

assert len(result.accepted) == len(result.annotations)
kept = [each for _, _, annotations in labels.values() for each in annotations]
for name, column in (("car", "car/car"), ("person", "person")):
    # A track that is lost for some frames goes on in another segment.
    segments = [part for each in kept if each["name"] == name for part in each["segments"]]
    ends = [(part["keyframes"][0]["frame"], part["keyframes"][-1]["frame"]) for part in segments]
    assert count(column) == sum(last - first + 1 for first, last in ends)
assert report.summary == "1 label corrected"
assert count("lamp") == 13
assert count("weather") == 22
assert [len(row.labels) for row in project.data_rows] == [1, 1, 0]
""",
}
NEED = {
    "training": ("torch", "motmetrics", "pycocotools"),
    "import_ground_truth": ("torch",),
}


@pytest.mark.parametrize("name", FACTS)
def test_the_notebook_runs(name, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    needed = ["ipykernel", "matplotlib", *NEED.get(name, ())]
    if missing := [module for module in needed if importlib.util.find_spec(module) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(FACTS[name]))
    resources = {"metadata": {"path": str(tmp_path)}}
    # Raises at the first cell that fails.
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=resources
    ).execute()


@pytest.mark.parametrize("name", FACTS)
def test_committed_outputs_are_real_clean_and_small(name):
    text = (NOTEBOOKS / f"{name}.ipynb").read_text("utf-8")
    assert len(text) < 400_000
    for path in ("/home/", "/tmp/", "/root/", "site-packages"):  # noqa: S108 - looked for, not written to
        assert path not in text
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    # Each cell was run once, in order.
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert outputs
    for output in outputs:
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr"
    shown = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/jpeg", "image/png"} & shown


@pytest.fixture
def own_project(monkeypatch):
    """The code cells of the notebook for own projects, which nothing here runs as a whole."""
    notebook = json.loads((NOTEBOOKS / "own_project.ipynb").read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in code)
    monkeypatch.setenv("LABELBOX_API_KEY", "key")
    monkeypatch.setenv("LABELBOX_PROJECT_ID", "project")
    return ["".join(cell["source"]) for cell in code]


def test_the_notebook_for_own_projects_is_code_and_calls_what_there_is(own_project):
    for cell in own_project:
        compile(cell, "own_project.ipynb", "exec")
        for line in cell.splitlines():
            if line.startswith("from deeplake_labelbox") and not line.endswith("("):
                exec(line, {})  # noqa: S102 - an import
    # The key is never in the notebook.
    assert "".join(own_project).count("API_KEY = ") == 1
    assert 'API_KEY = os.environ["LABELBOX_API_KEY"]\n' in own_project[0]


def test_the_notebook_for_own_projects_runs_where_labelbox_hosts_the_videos(
    own_project, sample_box, monkeypatch, tmp_path
):
    import labelbox  # noqa: PLC0415 - slow to import

    there = {"endpoint": sample_box.endpoint, "rest_endpoint": sample_box.rest_endpoint}
    monkeypatch.setattr(labelbox, "Client", functools.partial(labelbox.Client, **there))
    monkeypatch.setenv("LABELBOX_API_KEY", sample_box.api_key)
    monkeypatch.setenv("LABELBOX_PROJECT_ID", sample_box.sample.project_id)
    monkeypatch.chdir(tmp_path)
    space = {}
    exec("\n".join(own_project), space)  # noqa: S102 - what the user is told to run
    assert len(space["dataset"]) == 112
    assert not space["report"].gaps
    assert (tmp_path / "clips.html").stat().st_size
