"""``harbor.mp4``: boats in the morning fog; one of them passes behind an island.

``quay.webm`` shows the same harbor without fog, filmed upright. Nobody has labeled it yet, and the
file is private.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample import sprites
from deeplake_labelbox.sandbox.sample.answers import Checklist, FrameAnswer, Radio, Text
from deeplake_labelbox.sandbox.sample.tracks import (
    BoxShape,
    KeyFrame,
    LineShape,
    Outline,
    PointShape,
    SampleTrack,
    Segment,
)
from deeplake_labelbox.sandbox.sample.video import SampleVideo

if TYPE_CHECKING:
    from collections.abc import Callable

    from deeplake_labelbox.sandbox.sample.canvas import Canvas
    from deeplake_labelbox.sandbox.sample.tracks import RGB, XY

WIDTH, HEIGHT, FRAMES = 426, 240, 40

# Masks do not move between key frames, so the boats move in small steps. Frame 19 is drawn to end
# the motor boat.
MASK_FRAMES = (*range(1, 21, 2), *range(29, 41, 2))

_ISLAND: tuple[XY, ...] = (
    *((146, 138), (152, 122), (166, 110), (178, 102), (194, 98), (206, 104)),
    *((218, 106), (230, 116), (240, 128), (246, 138)),
)
_QUAY: tuple[XY, ...] = ((0, 182), (262, 182), (306, 196), (426, 196), (426, 240), (0, 240))


def _motor_boat(frame: int) -> Outline:
    x, y = 60.0 + 5.2 * (frame - 1), 126.0 + math.sin(frame) * 0.8
    hull = ((x, y), (x + 50, y - 3), (x + 42, y + 11), (x + 5, y + 11))
    cabin = ((x + 10, y), (x + 13, y - 11), (x + 27, y - 11), (x + 33, y))
    return Outline((hull, cabin), hidden_by=(_ISLAND,))


def _sailing_boat(x: float, y: float, size: float, phase: float) -> Callable[[int], Outline]:
    def outline(frame: int) -> Outline:
        top = y + math.sin(frame / 5 + phase) * 2.2

        def at(*corners: XY) -> tuple[XY, ...]:
            return tuple((x + u * size, top + v * size) for u, v in corners)

        hull = at((-0.5, 0.0), (0.55, -0.03), (0.4, 0.2), (-0.38, 0.2))
        main_sail = at((0.02, -0.08), (0.02, -1.1), (0.1, -0.95), (0.46, -0.1))
        fore_sail = at((-0.03, -0.08), (-0.03, -0.98), (-0.44, -0.1))
        mast = at((-0.03, 0.0), (-0.03, -1.16), (0.02, -1.16), (0.02, 0.0))
        return Outline((hull, mast, main_sail, fore_sail))

    return outline


def _drawn(outline: Callable[[int], Outline], *runs: tuple[int, int]) -> tuple[Segment, ...]:
    return tuple(
        Segment(tuple(KeyFrame(f, outline(f)) for f in MASK_FRAMES if start <= f <= end), end=end)
        for start, end in runs
    )


MOTOR_BOAT = SampleTrack(
    "boat",
    (228, 84, 58),
    _drawn(_motor_boat, (1, 18), (29, 40)),
    mask_color=(0, 187, 249),
)
NEAR_SAILING_BOAT = SampleTrack(
    "boat",
    (40, 86, 130),
    _drawn(_sailing_boat(344.5, 168.0, 52, 0.0), (1, 40)),
    mask_color=(0, 245, 212),
)
FAR_SAILING_BOAT = SampleTrack(
    "boat",
    (150, 72, 60),
    _drawn(_sailing_boat(40.0, 134.5, 30, 2.0), (1, 40)),
    mask_color=(254, 228, 64),
)
QUAY = SampleTrack(
    "road",
    (170, 160, 150),
    _drawn(lambda _: Outline((_QUAY,)), (1, 40)),
    mask_color=(155, 93, 229),
)
LANTERN = PointShape(204.25, 60.5)
LIGHTHOUSE = SampleTrack(
    "lamp",
    (255, 240, 170),
    tuple(Segment((KeyFrame(start, LANTERN),), end=start + 7) for start in (1, 15, 29)),
)
BUOY = SampleTrack(
    "lamp",
    (255, 92, 70),
    (
        Segment(
            (
                KeyFrame(1, PointShape(286.5, 150.25)),
                KeyFrame(11, PointShape(288.75, 153.5)),
                KeyFrame(23, PointShape(286.0, 149.75)),
                KeyFrame(35, PointShape(288.5, 153.0)),
            ),
            end=40,
        ),
    ),
)
QUAY_MARKING = SampleTrack(
    "lane",
    (250, 214, 90),
    (
        Segment(
            (
                KeyFrame(
                    1, LineShape(((0.0, 187.5), (260.5, 187.5), (305.0, 201.5), (426.0, 201.5)))
                ),
            ),
            end=40,
        ),
    ),
)
# The chain of floats drifts. It gets a fourth vertex on frame 16, so it is held on 9 to 15.
FLOATS = SampleTrack(
    "lane",
    (255, 120, 60),
    (
        Segment(
            (
                KeyFrame(1, LineShape(((8.5, 160.0), (58.25, 168.5), (112.0, 162.0)))),
                KeyFrame(9, LineShape(((6.0, 160.0), (57.5, 171.5), (114.5, 163.0)))),
                KeyFrame(
                    16, LineShape(((5.0, 160.0), (42.75, 171.0), (78.0, 172.5), (117.0, 164.0)))
                ),
            ),
            end=20,
        ),
        Segment(
            (
                KeyFrame(
                    23, LineShape(((4.0, 160.0), (41.5, 170.0), (77.0, 173.5), (118.5, 164.5)))
                ),
                KeyFrame(
                    33, LineShape(((6.5, 160.0), (44.0, 171.0), (79.5, 172.0), (116.0, 163.5)))
                ),
            ),
            end=38,
        ),
    ),
)
WHITE_CAR = SampleTrack(
    "car",
    (236, 238, 240),
    (
        Segment(
            (
                KeyFrame(1, BoxShape(24.0, 194.5, 70, 32.5), (Radio("color", "white"),)),
                KeyFrame(
                    12,
                    BoxShape(24.0, 194.5, 70, 32.5),
                    (Radio("color", "white"), Checklist("state", ("lights on",))),
                ),
                KeyFrame(
                    18,
                    BoxShape(40.5, 194.5, 70, 32.5),
                    (
                        Radio("color", "white"),
                        Checklist("state", ("moving", "lights on")),
                        Text("plate", "HB 12"),
                    ),
                ),
                KeyFrame(
                    36,
                    BoxShape(168.75, 194.5, 70, 32.5),
                    (
                        Radio("color", "white"),
                        Checklist("state", ("braking", "lights on")),
                        Text("plate", "HB 12"),
                    ),
                ),
            ),
            end=40,
        ),
    ),
)
ANGLER = SampleTrack(
    "person",
    (240, 150, 50),
    (Segment((KeyFrame(1, BoxShape(272.5, 164.0, 15.5, 40)),), end=40),),
)
DOCKER = SampleTrack(
    "person",
    (96, 70, 170),
    (
        Segment(
            (
                KeyFrame(6, BoxShape(413.5, 188.0, 12.5, 44)),
                KeyFrame(8, BoxShape(408.5, 188.0, 17.5, 44)),
                KeyFrame(30, BoxShape(322.25, 188.0, 17.5, 44)),
            ),
            end=38,
        ),
    ),
)

FRAME_ANSWERS = (
    FrameAnswer(Radio("weather", "fog", (Text("visibility", "200 m"),)), ((1, 9),)),
    FrameAnswer(Radio("weather", "fog", (Text("visibility", "2 km"),)), ((10, 17),)),
    FrameAnswer(Radio("weather", "sun"), ((18, 40),)),
    FrameAnswer(Checklist("events", ("honking",)), ((12, 15), (33, 36))),
    FrameAnswer(Checklist("events", ("boat in sight",)), ((1, 18), (29, 40))),
    FrameAnswer(Text("note", "Motorboot hält auf die Insel zu, à demi caché"), ((1, 18),)),
    FrameAnswer(Text("note", "motor boat comes out again"), ((29, 40),)),
)


class HarborScene:
    """The sea, an island with a lighthouse, and a quay in front."""

    def background(self, canvas: Canvas) -> None:
        """Sky, sea, hills, lighthouse and quay."""
        canvas.gradient(0, 116, (96, 140, 190), (178, 190, 206), (252, 214, 176))
        hills: tuple[XY, ...] = ((0, 116), (0, 100), (60, 92), (130, 106), (210, 96))
        canvas.polygon((*hills, (300, 104), (360, 88), (426, 98), (426, 116)), (142, 152, 178))
        canvas.gradient(116, 240, (126, 172, 196), (62, 122, 160), (34, 86, 128))

    def foreground(self, canvas: Canvas, video: SampleVideo, frame: int) -> None:
        """What moves on the water and on the quay, and the weather above it."""
        weather = next((a for a in video.answers_at(frame) if a.name == "weather"), None)
        foggy = isinstance(weather, Radio) and weather.option == "fog"
        if not foggy:
            canvas.glow(318, 62, 34, (255, 236, 170), 54)
            canvas.ellipse(318, 62, 12, 12, (255, 238, 180))
        for wave in range(46):
            x = (wave * 0.618034 % 1) * WIDTH + math.sin(frame / 6 + wave) * 5
            y = 121 + (wave * 0.754878 % 1) * 74
            canvas.line([(x, y), (x + 4 + y / 14, y)], (222, 238, 244, 80), width=0.8)
        _boats(canvas, frame)
        floats = FLOATS.shape_at(frame)
        if isinstance(floats, LineShape):
            sprites.dashes(canvas, floats.vertices, FLOATS.paint, width=2)
        if foggy and isinstance(weather, Radio):
            dense = Text("visibility", "200 m") in weather.nested
            _fog(canvas, frame, strength=20 if dense else 11)
        _quay(canvas)
        for track in (WHITE_CAR, ANGLER, DOCKER):
            _on_the_quay(canvas, track, frame)
        honking = any(
            isinstance(a, Checklist) and "honking" in a.options for a in video.answers_at(frame)
        )
        car = WHITE_CAR.shape_at(frame)
        if honking and isinstance(car, BoxShape):
            sprites.honk(canvas, car.right + 1, car.top + 12)


def _boats(canvas: Canvas, frame: int) -> None:
    sail = (250, 246, 236)
    _fill(canvas, FAR_SAILING_BOAT, frame, (150, 72, 60), (90, 70, 60), sail, (236, 226, 210))
    _fill(canvas, MOTOR_BOAT, frame, (228, 84, 58), (248, 248, 244))
    boat = MOTOR_BOAT.shape_at(frame)
    if isinstance(boat, Outline):
        x, y = boat.parts[0][0]
        canvas.rectangle(x + 16, y - 8, x + 25, y - 3, sprites.GLASS)
        for wake in range(3):
            canvas.line(
                [(x - 14 - wake * 7, y + 9 + wake), (x + 2, y + 10)], (240, 248, 250, 90), width=1
            )
    _island(canvas)
    light = LIGHTHOUSE.shape_at(frame)
    if isinstance(light, PointShape):
        for reach in (-1, 1):
            far = light.x + reach * 92
            beam = [(light.x, light.y), (far, light.y - 16), (far, light.y + 12)]
            canvas.polygon(beam, (255, 244, 190, 70))
        canvas.glow(light.x, light.y, 13, LIGHTHOUSE.paint, 60)
        canvas.ellipse(light.x, light.y, 3.4, 3.4, LIGHTHOUSE.paint)
    _fill(canvas, NEAR_SAILING_BOAT, frame, (40, 86, 130), (90, 70, 60), sail, (234, 120, 84))
    buoy = BUOY.shape_at(frame)
    if isinstance(buoy, PointShape):
        x, y = buoy.x, buoy.y
        canvas.polygon(
            [(x - 5, y + 12), (x - 2, y + 2), (x + 2, y + 2), (x + 5, y + 12)], (190, 40, 48)
        )
        canvas.ellipse(x, y + 12, 8, 2.5, (230, 240, 246, 120))
        canvas.glow(x, y, 8, BUOY.paint, 50)
        canvas.ellipse(x, y, 2.8, 2.8, BUOY.paint)


def _fill(canvas: Canvas, track: SampleTrack, frame: int, *inks: RGB) -> None:
    shape = track.shape_at(frame)
    if isinstance(shape, Outline):
        for part, ink in zip(shape.parts, inks, strict=True):
            canvas.polygon(part, ink)


def _island(canvas: Canvas) -> None:
    canvas.polygon(_ISLAND, (94, 116, 92))
    canvas.polygon([*_ISLAND[:3], (176, 120), (168, 138)], (112, 136, 104))
    canvas.line([(144, 138.5), (248, 138.5)], (214, 232, 236, 150), width=1.5)
    canvas.polygon([(198, 104), (200, 66), (208.5, 66), (210.5, 104)], (246, 244, 238))
    for top in (72, 86):
        canvas.polygon(
            [(199.6, top), (208.9, top), (209.5, top + 7), (199, top + 7)], (206, 66, 62)
        )
    canvas.rectangle(199.5, 56, 209, 66, (70, 78, 92))
    canvas.rectangle(201, 57.5, 207.5, 64.5, (150, 166, 176))
    canvas.polygon([(198.5, 56), (204.25, 50), (210, 56)], (206, 66, 62))


def _fog(canvas: Canvas, frame: int, *, strength: int) -> None:
    for bank in range(9):
        x = (bank * 0.618034 % 1) * WIDTH + frame * (0.5 + bank % 3 * 0.3) - 30
        y = 104 + (bank * 0.754878 % 1) * 60
        for part in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4):
            canvas.ellipse(x, y, 95 * part, 17 * part, (236, 238, 240, strength))


def _quay(canvas: Canvas) -> None:
    canvas.polygon(_QUAY, (170, 160, 150))
    edge = [(0.0, 182.0), (262.0, 182.0), (306.0, 196.0), (426.0, 196.0)]
    canvas.polygon([*edge, (426, 199), (305, 199), (261, 185), (0, 185)], (206, 196, 184))
    for x in range(-60, 440, 46):
        canvas.line([(x + 30, 240), (x + 62, 203)], (150, 140, 132, 130), width=0.8)
    marking = QUAY_MARKING.shape_at(1)
    if isinstance(marking, LineShape):
        canvas.line(marking.vertices, QUAY_MARKING.paint, width=2)
    for bollard in (120, 226):
        canvas.rectangle(bollard, 176, bollard + 7, 184, (64, 66, 74), radius=2)


def _on_the_quay(canvas: Canvas, track: SampleTrack, frame: int) -> None:
    segment, shape = track.segment_at(frame), track.shape_at(frame)
    if segment is None or not isinstance(shape, BoxShape):
        return
    widths = [key.shape.width for key in segment.key_frames if isinstance(key.shape, BoxShape)]
    body = sprites.whole(shape, max(widths), WIDTH)
    if track.tool == "car":
        state = next((a.options for a in track.answers_at(frame) if isinstance(a, Checklist)), ())
        sprites.car_from_the_side(canvas, body, track.paint, to_the_right=True, state=state)
        return
    if track is ANGLER:
        canvas.line([(285, 186), (302, 158), (318, 170)], (70, 52, 44), width=0.8)
    still = segment.shape_at(min(frame + 1, segment.end)) == shape
    sprites.person(canvas, body, track.paint, stride=0.0 if still else frame * math.tau / 10)


HARBOR = SampleVideo(
    name="harbor.mp4",
    width=WIDTH,
    height=HEIGHT,
    frame_rate=Fraction(25, 2),
    frame_count=FRAMES,
    scene=HarborScene(),
    tracks=(
        FAR_SAILING_BOAT,
        MOTOR_BOAT,
        NEAR_SAILING_BOAT,
        QUAY,
        QUAY_MARKING,
        FLOATS,
        LIGHTHOUSE,
        BUOY,
        WHITE_CAR,
        ANGLER,
        DOCKER,
    ),
    frame_answers=FRAME_ANSWERS,
    global_answers=(
        Radio("scene", "harbor", (Text("port", "Old Harbor"),)),
        Checklist("camera", ("steady", "wide")),
    ),
    external_id="harbor.mp4",
    created_by="grace@sandbox.test",
)
UNLABELED_QUAY = SampleVideo(
    name="quay.webm",
    width=180,
    height=HEIGHT,
    frame_rate=Fraction(24),
    frame_count=24,
    scene=HarborScene(),
    codec="libvpx-vp9",
    private=True,
    labeled=False,
)
