"""Where no terminal shows a bar, a long call logs a line now and then."""

import logging
import re

import deeplake
import pytest

from deeplake_labelbox import _progress, create_dataset
from deeplake_labelbox._progress import progress_bar, with_progress


def test_commands_without_a_terminal_log_how_far_they_are(
    sample_box, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(_progress, "SECONDS", 0)
    caplog.set_level(logging.INFO, "deeplake_labelbox.steps")
    path, project = str(tmp_path / "clips"), sample_box.sample.project_id
    create_dataset(path, project, lb_client=sample_box.client(), progress=False)
    rows = len(deeplake.open(path))
    frames = [line for line in caplog.messages if line.startswith("frames: ")]
    assert frames
    assert re.fullmatch(rf"frames: {rows} of {rows} frames, [\d,]+/(s|min), .+", frames[-1])
    assert "labels: 1 of 3 videos, " in "\n".join(caplog.messages)
    # Within the first seconds nothing is logged.
    monkeypatch.undo()
    caplog.clear()
    create_dataset(str(tmp_path / "again"), project, lb_client=sample_box.client(), progress=False)
    assert not [line for line in caplog.messages if re.match(r"(frames|labels): \d", line)]


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_iterated_over_is_counted(shown, monkeypatch, caplog, capsys):
    monkeypatch.setattr(_progress, "SECONDS", 0)
    caplog.set_level(logging.INFO, "deeplake_labelbox.steps")
    items = with_progress("abc", shown=shown, desc="letters", unit="letter")
    assert [*items] == ["a", "b", "c"]
    with progress_bar(shown=shown, desc="rows", unit="row", initial=2) as bar:
        bar.total = 7
        bar.refresh()
        bar.update(5)
    bars = capsys.readouterr().err
    if shown:
        assert "letters: 100%" in bars
        assert "rows: 100%" in bars
        assert not caplog.messages
    else:
        assert bars == ""
        assert caplog.messages[2].startswith("letters: 3 of 3 letters, ")
        assert caplog.messages[3].startswith("rows: 7 of 7 rows, ")
