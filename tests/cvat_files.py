"""Build files of CVAT for video from their elements."""

SIZE = "<original_size><width>64</width><height>48</height></original_size>"


def box(frame, left=10, outside=0, more=""):
    if 'keyframe="' not in more:
        more += ' keyframe="1"'
    return (
        f'<box frame="{frame}" outside="{outside}" xtl="{left}" ytl="20" xbr="{left + 5}" '
        f'ybr="30" {more}/>'
    )


def mask(frame, outside=0, rle="0, 6", left=10, more=""):
    return (
        f'<mask frame="{frame}" keyframe="1" outside="{outside}" rle="{rle}" left="{left}" '
        f'top="10" width="2" height="3" {more}/>'
    )


def track(*shapes, label="car", number=0, more=""):
    return f'<track id="{number}" label="{label}" {more}>{"".join(shapes)}</track>'


def task(number=1, size=40, start=0, stop=None, step="", source="one.mp4", subset="default"):
    stop = start + size - 1 if stop is None else stop
    return (
        f"<task><id>{number}</id><name>task {number}</name><size>{size}</size>"
        f"<subset>{subset}</subset><start_frame>{start}</start_frame>"
        f"<stop_frame>{stop}</stop_frame><frame_filter>{step}</frame_filter>{SIZE}"
        f"<source>{source}</source></task>"
    )


def document(meta, *tracks):
    return f"<annotations><meta>{meta}</meta>{''.join(tracks)}</annotations>"


def project_of(*tasks, more=""):
    return f"<project><id>1</id><tasks>{''.join(tasks)}</tasks>{more}</project>"


def reasons(video):
    return [(item.track, item.reason) for item in video.refused]
