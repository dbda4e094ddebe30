"""The command that serves a dataset to the browser, as a process of its own."""

import os
import re
import signal
import subprocess
import sys

import pytest
import requests


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_show_serves_the_dataset_until_it_is_stopped(dataset):
    shown = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "deeplake_labelbox", "show", str(dataset), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with shown, requests.Session() as session:
        session.trust_env = False
        try:
            line = shown.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/$", line)
            assert url, line + shown.stderr.read()
            page = session.get(url[0], timeout=60)
            assert 'id="index"' in page.text
            part = session.get(f"{url[0]}part-0-0.json", timeout=60).json()
            assert len(part["packets"]) == len(part["layers"][0]) > 20
        finally:
            shown.send_signal(signal.SIGINT)
        assert shown.wait(120) == 0
        assert "The page has ended." in shown.stderr.read()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--video", "x"), "no rows of a video 'x'"),
        (("--annotator", "x"), "no columns of annotator 'x'"),
    ],
)
def test_show_says_what_it_cannot_do(run, dataset, words, told):
    result = run("show", dataset, *words)
    assert result.exit_code == 1
    assert told in result.stderr
