"""Keep a few decoders in each process open between reads."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from deeplake_labelbox._video.packet_session import PacketSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deeplake_labelbox._video.packet_index import PacketIndex

_MAX_IDLE: Final = 4


class SessionPool:
    """Lends sessions, each to one reader at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[PacketIndex, PacketSession]] = []  # least recently used first
        self._alive: WeakSet[PacketSession] = WeakSet()
        os.register_at_fork(after_in_child=self._forget)

    @contextmanager
    def session(
        self, index: PacketIndex, fetch: Callable[[int], bytes], frame: int
    ) -> Iterator[PacketSession]:
        """Lend a session for a video; prefer one that reaches a frame by continuing."""
        session = self._take(index, frame)
        if session is None:
            session = PacketSession(index, fetch)
            with self._lock:
                self._alive.add(session)
        try:
            yield session
        except GeneratorExit:
            raise  # between two frames
        except BaseException:
            # Also at Ctrl-C: a packet may be counted that the decoder did not get.
            session.close()
            raise
        finally:
            self._give_back(index, session)

    def _take(self, index: PacketIndex, frame: int) -> PacketSession | None:
        with self._lock:
            own = [place for place, (owner, _) in enumerate(self._idle) if owner is index]
            reaching = [place for place in own if self._idle[place][1].reaches(frame)]
            if reaching:
                chosen = min(reaching, key=lambda place: self._idle[place][1].distance(frame))
                return self._idle.pop(chosen)[1]
            # One that waits in another span is left there, as far as the pool allows.
            empty = [place for place in own if self._idle[place][1].is_empty]
            if empty or len(own) >= _MAX_IDLE:
                return self._idle.pop((empty or own)[0])[1]
            return None

    def _give_back(self, index: PacketIndex, session: PacketSession) -> None:
        with self._lock:
            self._idle.append((index, session))
            closed = self._idle.pop(0)[1] if len(self._idle) > _MAX_IDLE else None
        if closed is not None:
            closed.close()

    def _forget(self) -> None:
        """Abandon the parent's decoders in a child process, where their threads do not exist."""
        for session in list(self._alive):
            session.forget()
        self._lock = threading.Lock()
        self._idle = []
        self._alive = WeakSet()


SESSIONS: Final = SessionPool()
