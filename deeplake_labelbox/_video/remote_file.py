"""A remote video as a seekable file; only the blocks that are read are fetched."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any, Final

from deeplake_labelbox.errors import VideoUnreachableError

BLOCK: Final = 256 << 10
_BLOCKS_KEPT: Final = 64

ReadRange = Callable[[int, int], tuple[bytes, int | None] | None]


class RemoteFile(io.RawIOBase, IO[bytes]):
    """An unbuffered binary file over range requests, with a cache of blocks.

    FFmpeg could fetch URLs itself, but it follows redirects with all headers, to any host.

    Args:
        name: Its name in messages.
        read_range: ``(start, length) -> (bytes, length of the whole file)``.
        first: The first block.
        size: Bytes of the whole file.

    Attributes:
        blank: Whether uncached blocks read as zeros, so that nothing more is fetched.
    """

    def __init__(self, name: str, read_range: ReadRange, first: bytes, size: int) -> None:
        super().__init__()
        self._name = name
        self.blank = False
        self.fetched = len(first)
        self._read_range = read_range
        self._size = size
        self._position = 0
        self._first = first
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    @classmethod
    def open(cls, name: str, read_range: ReadRange) -> RemoteFile | None:
        """Fetch the first block; ``None`` if the server sends no ranges or no total length."""
        answer = read_range(0, BLOCK)
        first, size = answer or (b"", None)
        whole = len(first) == min(BLOCK, size or 0)
        return None if size is None or not whole else cls(name, read_range, first, size)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """The current position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the position; fetches nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer up to the end of the file."""
        view = memoryview(buffer).cast("B")
        wanted = max(min(len(view), self._size - self._position), 0)
        done = 0
        while done < wanted:
            number, offset = divmod(self._position, BLOCK)
            part = self._block(number)[offset : offset + wanted - done]
            if not part:
                break
            view[done : done + len(part)] = part
            done += len(part)
            self._position += len(part)
        return done

    def _block(self, number: int) -> bytes:
        if number == 0:
            return self._first
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        length = min(BLOCK, self._size - number * BLOCK)
        if self.blank:
            return bytes(length)
        answer = self._read_range(number * BLOCK, length)
        block = b"" if answer is None else answer[0]
        if len(block) != length:
            raise VideoUnreachableError(
                f"The {self._name} could not be read: the server gave {len(block)} of {length} "
                f"bytes from byte {number * BLOCK} on. Check the server, then run again."
            )
        self.fetched += len(block)
        self._blocks[number] = block
        if len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        return block
