"""Prefetch items in threads, in order and in bounded memory."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from deeplake_labelbox.errors import VideoError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """The items have ended, by themselves or by an error."""

    error: BaseException | None = None


def in_background(items: Iterable[T], *, ahead: int) -> Generator[T]:
    """Yield items that another thread makes.

    Closing the generator stops the thread after its current item, and waits for it.

    Args:
        items: Iterated, and closed if it is a generator, in the thread. An error of it is raised
            here, at its place in the order.
        ahead: Maximum number of items that wait.

    Yields:
        The items, in order.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def run() -> None:
        end = _End()
        try:
            with closing(items) if isinstance(items, Generator) else nullcontext():
                for item in items:
                    waiting.put(item)
                    if stopped.is_set():
                        break
        except BaseException as error:  # noqa: BLE001 - carried to the thread that iterates
            end = _End(error)
        waiting.put(end)

    thread = threading.Thread(target=run, name="in-background", daemon=True)
    thread.start()
    item: T | _End | None = None
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        while not isinstance(item, _End):
            item = waiting.get()
        thread.join()


def opened_ahead(
    contexts: Iterable[AbstractContextManager[T]], *, ahead: int
) -> Generator[T | VideoError]:
    """Yield open videos; the next ones are fetched and probed while one is decoded.

    Each video is closed when the next one is requested.

    Args:
        contexts: Context managers that open the videos; read one by one.
        ahead: Number of videos that are opened in addition to the one that was yielded.

    Yields:
        For each of them the open video, or the error that opening it raised.
    """
    pending: deque[tuple[AbstractContextManager[T], Future[T]]] = deque()
    waiting = iter(contexts)
    with ThreadPoolExecutor(max(ahead, 1), thread_name_prefix="open-video") as pool:
        try:
            while True:
                while len(pending) <= ahead and (context := next(waiting, None)) is not None:
                    pending.append((context, pool.submit(context.__enter__)))
                if not pending:
                    return
                context, opening = pending.popleft()
                try:
                    video = opening.result()
                except VideoError as error:
                    yield error
                    continue
                with ExitStack() as stack:
                    stack.push(context)
                    yield video
        finally:
            for context, opening in pending:
                if not opening.cancel() and opening.exception() is None:
                    context.__exit__(None, None, None)


def grouped(
    items: Iterable[T], size_of: Callable[[T], int], *, max_size: int, max_count: int
) -> Iterator[list[T]]:
    """Yield lists of items up to a total size and count; each holds at least one item.

    Items before an error of ``items`` are yielded before it is raised.
    """
    group: list[T] = []
    size = 0
    try:
        for item in items:
            if group and (size + size_of(item) > max_size or len(group) >= max_count):
                yield group
                group, size = [], 0
            group.append(item)
            size += size_of(item)
    except VideoError:
        if group:
            yield group
        raise
    if group:
        yield group
