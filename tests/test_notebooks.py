"""The notebooks run from top to bottom, and their committed outputs are real, clean and small."""

import importlib.util
import json
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

# What must hold after the last cell; it runs in the notebook's own kernel.
FACTS = {
    "training": """
assert len(losses) > 100
assert sum(losses[-8:]) < sum(losses[:8]) / 3
assert all(found > there / 2 for found, there in hits.values())
""",
    "import_ground_truth": """
assert len(result.accepted) == len(result.annotations) > 5
assert report.summary == "1 label corrected"
assert sum(len(boxes) for boxes in unlabelled["car/car"][:]) > 50
assert sum(len(boxes) for boxes in unlabelled["person"][:]) > 50
assert any(len(answer) for answer in unlabelled["weather"][:])
""",
}
NEED_TORCH = ("training", "import_ground_truth")


@pytest.mark.parametrize("name", FACTS)
def test_the_notebook_runs(name, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    needed = ["ipykernel", "matplotlib", *(["torch"] if name in NEED_TORCH else [])]
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
    assert any("image/jpeg" in output.get("data", {}) for output in outputs)
