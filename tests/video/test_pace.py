"""A server that asks for fewer requests is asked by fewer, and by all again when it recovers."""

import threading
import time
from types import SimpleNamespace

import pytest
from faulty_server import Answer, FaultyServer

from deeplake_labelbox._video import rate_limiter as paces
from deeplake_labelbox._video.access import Access
from deeplake_labelbox._video.masks import MASK_ERRORS
from deeplake_labelbox._video.rate_limiter import Pace
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import MaskError


class Clock:
    """Time of paces that passes only when somebody waits."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        self.waits = []
        clock = self

        class Condition(threading.Condition):
            def wait(self, timeout=None):
                assert timeout is not None, "would wait for ever"
                clock.waits.append(timeout)
                clock.now += timeout
                return True

        monkeypatch.setattr(paces, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(paces, "threading", SimpleNamespace(Condition=Condition))


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_refusal_pauses_all_and_halves(clock):
    pace = Pace(32)
    assert pace.refused(7.0)
    assert pace.refused(7.0)  # sent before the pause began
    assert pace.limit == 16
    with pace.turn():
        assert clock.waits == [7.0]
    for _ in range(16):
        pace.went_well()
    assert pace.limit == 17
    for _ in range(1000):
        pace.went_well()
    assert pace.limit == 32


def test_pauses_grow_without_a_header_and_end(clock):
    pace = Pace(4, patience=60)
    while pace.refused(None):
        with pace.turn():
            pass
    assert clock.waits == [1, 2, 4, 8, 16, 32]
    assert pace.limit == 1


def test_absurd_pauses_are_cut(clock):
    pace = Pace(4)
    pace.refused(10**9)
    with pace.turn():
        assert clock.waits == [120.0]


def test_no_more_run_than_the_limit():
    pace, running, most = Pace(3), 0, 0
    lock = threading.Lock()

    def work():
        nonlocal running, most
        for _ in range(50):
            with pace.turn():
                with lock:
                    running += 1
                    most = max(most, running)
                with lock:
                    running -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 3


def test_limits_do_not_use_up_the_attempts(clock):
    limited = Answer(status=429, headers={"Retry-After": "3"})
    with FaultyServer() as server, Transport() as transport:
        url = server.serve("/mask.png", *[limited] * 12, Answer(b"a mask"))
        body = transport.get_bytes(Access(url, MASK_ERRORS), pace=Pace(8))
    assert body == b"a mask"
    assert clock.waits == [3.0] * 12


def test_a_server_that_never_recovers_is_given_up(clock, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with FaultyServer() as server, Transport() as transport:
        url = server.serve("/mask.png", Answer(status=429)) + "?Signature=secret"
        pace = Pace(8)
        for _ in range(2):
            with pytest.raises(MaskError, match="429") as caught:
                transport.get_bytes(Access(url, MASK_ERRORS), pace=pace)
            assert "secret" not in str(caught.value)
    assert sum(clock.waits) <= 900
