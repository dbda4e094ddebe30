import json
import shutil

import deeplake


def test_compare_prints_tables_markdown_and_json_and_writes_a_page(run, dataset, tmp_path):
    shutil.copytree(dataset, tmp_path / "ds")
    ds = deeplake.open(str(tmp_path / "ds"))
    ds.branch("mine")
    mine = ds.branches["mine"].open()
    mine["car/car"][5:6] = [mine["car/car"][5] + 40]
    mine.commit()
    words = ("compare", "ds", "--version", "mine", "--version", "main")
    result = run(*words, "-o", "a.html")
    assert result.exit_code == 0, result.output
    assert "Differences in 1 of " in result.stdout
    assert "moved " in result.stdout
    assert (tmp_path / "a.html").stat().st_size > 3000
    told = json.loads(run(*words, "--json").stdout)
    (change,) = told["changes"]
    assert (change["first_frame"], change["last_frame"]) == (6, 6)
    assert "| crossing.mp4 | 6 | moved " in run(*words, "--markdown").stdout
    assert "choose one" in run(*words, "--markdown", "--json").stderr
    assert "a.png must end with .html" in run(*words, "-o", "a.png").stderr
    assert "pass OTHER, --version or --annotator" in run("compare", "ds").stderr
