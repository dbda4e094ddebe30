"""Short names of videos that tell them apart."""

from __future__ import annotations

from collections.abc import Iterable


def distinct_names(videos: Iterable[tuple[str, str]]) -> list[str]:
    """Shorten the names of videos, each to what tells it from the others.

    Args:
        videos: The name and the data row id of each.

    Returns:
        For each the last part of its URL or path, with as many folders before it as tell it
        apart; where whole names are the same, followed by the data row id.

    Example:
        ```python
        from deeplake_labelbox._video_names import distinct_names

        print(distinct_names([("a/x.mp4", "1"), ("b/x.mp4", "2"), ("b/y.mp4", "3")]))
        # ['a/x.mp4', 'b/x.mp4', 'y.mp4']
        ```
    """
    named = [(name.rstrip("/").split("/"), name, row_id) for name, row_id in videos]
    shown = [""] * len(named)
    unclear, length = list(range(len(named))), 1
    while unclear:
        alike: dict[str, list[int]] = {}
        for index in unclear:
            alike.setdefault("/".join(named[index][0][-length:]), []).append(index)
        unclear = []
        for end, members in alike.items():
            whole = [index for index in members if len(named[index][0]) <= length]
            same = len({named[index][2] for index in whole}) > 1
            for index in members:
                _, name, row_id = named[index]
                shown[index] = end or name
                if index in whole and same:
                    shown[index] = f"{name} ({row_id})"
                elif index not in whole and len(members) > 1:
                    unclear.append(index)
        length += 1
    return shown
