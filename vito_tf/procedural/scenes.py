# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What happens in a procedural video: every random choice of a clip, made from its seed.

Positions are in pixels (x to the right, y down), angles in radians, times in seconds.
"""

from __future__ import annotations

import dataclasses

import gin
import numpy as np

from vito_tf.procedural import objects

FRAME_WIDTH = 112
FRAME_HEIGHT = 84
FRAME_RATE = 25
NUM_FRAMES = 75
SPLITS = ("train", "held_out")


@gin.configurable
@dataclasses.dataclass(frozen=True)
class SceneOptions:
    """How hard the procedural videos are.

    Attributes:
      hue_jitter: largest change of an instance's hues from its class's (1 is the whole circle).
      colour_jitter: largest change of an instance's saturations and values.
      texture_jitter: largest relative change of texture spacing (logarithmic).
      aspect_jitter: largest relative change of width over height (logarithmic).
      object_area: smallest and largest nominal area of an object, as shares of the frame.
      travel: largest distance of an object's centre from the frame's, as a share of its sides.
      turn: largest turn in the image plane from where the clip's object points on average.
      tilt: largest turn out of the image plane, which foreshortens.
      scale: largest relative change of an object's size within a clip (logarithmic).
      occluders: smallest and largest number of occluders, each of which passes over the object.
      background_contrast: standard deviation of background intensities, which lie in [0, 1].
      pan: slowest and fastest mean speed of the background, in frame widths per second.
      zoom: largest relative change of the background's size within a clip (logarithmic).
      illumination: largest relative change of brightness, over time and across the frame each.

    Raises:
      ValueError: where a range is empty or not positive, naming the binding.
    """

    hue_jitter: float = 0.02
    colour_jitter: float = 0.05
    texture_jitter: float = 0.1
    aspect_jitter: float = 0.15
    object_area: tuple[float, float] = (0.11, 0.21)
    travel: float = 0.22
    turn: float = 0.5
    tilt: float = 0.6
    scale: float = 0.15
    occluders: tuple[int, int] = (1, 2)
    background_contrast: float = 0.09
    pan: tuple[float, float] = (0.8, 1.6)
    zoom: float = 0.3
    illumination: float = 0.25

    def __post_init__(self):
        for name in ("object_area", "occluders", "pan"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"SceneOptions.{name} must be two ascending numbers >= 0.")
        if not 0 < self.object_area[0] <= self.object_area[1] <= 0.5:
            raise ValueError("SceneOptions.object_area must lie in (0, 0.5].")


@dataclasses.dataclass(frozen=True)
class ClipSpec:
    """Identity of a clip: the same identity and options always give the same pixels.

    Attributes:
      split: one of `SPLITS`; held-out clips share no random choice with training clips.
      label: index into `objects.CLASSES`.
      instance: number of the clip within its class and split.
      seed: of the whole data set.
    """

    split: str
    label: int
    instance: int
    seed: int = 0

    def __post_init__(self):
        if self.split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}, got {self.split!r}.")


@dataclasses.dataclass(frozen=True)
class Occluder:
    """A muted bar or disc that passes over the object.

    Attributes:
      position: float64 [F, 2] of its centre.
      normal: float64 [2] unit direction of its movement, across which a bar is infinitely long.
      half_width: of the bar, or radius of the disc.
      is_bar: whether it is a bar.
      world_offset: float64 [2] place in the world where its texture comes from.
      brightness: factor on that texture.
    """

    position: np.ndarray
    normal: np.ndarray
    half_width: float
    is_bar: bool
    world_offset: np.ndarray
    brightness: float


@dataclasses.dataclass(frozen=True)
class Scene:
    """Everything a renderer needs to know of a clip of F frames.

    Attributes:
      appearance: of the object.
      radius: of the object's unit circle, in pixels, before `object_to_frame`.
      object_to_frame: float64 [F, 2, 3] affine maps of pixels around the object's centre.
      frame_to_world: float64 [F, 2, 3] affine maps of frame pixels to world pixels.
      occluders: nearest last.
      brightness: float64 [F] light in the centre of the frame.
      slope: float64 [F, 2] change of light from the centre to the right and to the lower edge.
      tint: float64 [F, 3] colour of the light.
    """

    appearance: objects.Appearance
    radius: float
    object_to_frame: np.ndarray
    frame_to_world: np.ndarray
    occluders: tuple[Occluder, ...]
    brightness: np.ndarray
    slope: np.ndarray
    tint: np.ndarray


def frame_times() -> np.ndarray:
    """Presentation times of a clip's frames, float64 [NUM_FRAMES]."""
    return np.arange(NUM_FRAMES) / FRAME_RATE


def _wander(rng: np.random.Generator, columns: int = 1) -> np.ndarray:
    """Smooth random curves in [-1, 1] with periods of 2 to 6 s, float64 [NUM_FRAMES, columns]."""
    periods = rng.uniform([[2.0], [4.0]], [[4.0], [6.0]], (2, columns))
    phases = rng.uniform(0.0, 2.0 * np.pi, (2, columns))
    waves = np.sin(2.0 * np.pi * frame_times()[:, np.newaxis, np.newaxis] / periods + phases)
    return waves.mean(axis=1)


def _rotation(angle: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def draw_appearance(
    rng: np.random.Generator, label: int, options: SceneOptions
) -> objects.Appearance:
    """Draws an instance of a class: an index into `objects.CLASSES`."""
    jitter = np.array([options.hue_jitter, options.colour_jitter, options.colour_jitter])
    return objects.Appearance(
        label=label,
        colour_shift=rng.uniform(-1.0, 1.0, (2, 3)) * jitter,
        texture_spacing=0.36 * np.exp(options.texture_jitter * rng.uniform(-1.0, 1.0)),
        texture_angle=rng.uniform(-0.3, 0.3),
        texture_phase=rng.uniform(-1.0, 1.0, 2),
        aspect=np.exp(options.aspect_jitter * rng.uniform(-1.0, 1.0)),
    )


def _draw_object_motion(
    rng: np.random.Generator, options: SceneOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Linear maps [F, 2, 2] of the object's own coordinates, and centres [F, 2]."""
    frame = np.array([FRAME_WIDTH, FRAME_HEIGHT])
    centre = (0.5 + options.travel * _wander(rng, 2)) * frame
    size = np.exp(options.scale * _wander(rng)[:, 0])
    turn = rng.uniform(-0.4, 0.4) + options.turn * _wander(rng)[:, 0]
    # Turning by an angle around an axis in the image plane shrinks what lies across that axis.
    axis = _rotation(np.asarray(rng.uniform(0.0, np.pi)))
    shrink = np.ones((NUM_FRAMES, 2))
    shrink[:, 0] = np.cos(options.tilt * _wander(rng)[:, 0])
    foreshortening = axis @ (shrink[:, :, np.newaxis] * np.eye(2)) @ axis.T
    return size[:, np.newaxis, np.newaxis] * _rotation(turn) @ foreshortening, centre


def _affine(linear: np.ndarray, fixed: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Affine maps [F, 2, 3] with these linear parts that take `fixed` to `image`."""
    shift = image - np.einsum("fij,...j->fi", linear, fixed)
    return np.concatenate([linear, shift[..., np.newaxis]], axis=-1)


def _draw_camera(rng: np.random.Generator, options: SceneOptions) -> np.ndarray:
    """Frame-to-world maps [F, 2, 3] of a camera that travels far, turns and zooms."""
    heading = rng.uniform(0.0, 2.0 * np.pi)
    path = rng.uniform(*options.pan) * FRAME_WIDTH * frame_times()[:, np.newaxis]
    place = rng.uniform(0.0, 1e4, 2) + path * np.array([np.cos(heading), np.sin(heading)])
    place = place + 0.3 * FRAME_WIDTH * _wander(rng, 2)
    zoom = np.exp(options.zoom * _wander(rng)[:, 0])[:, np.newaxis, np.newaxis]
    turn = rng.uniform(0.0, 2.0 * np.pi) + 0.3 * _wander(rng)[:, 0]
    return _affine(zoom * _rotation(turn), np.array([FRAME_WIDTH, FRAME_HEIGHT]) / 2, place)


def _draw_occluder(rng: np.random.Generator, centre: np.ndarray) -> Occluder:
    """An occluder that passes over the object, whose centre is [F, 2], at a random moment."""
    meeting = rng.integers(NUM_FRAMES // 8, NUM_FRAMES - NUM_FRAMES // 8)
    heading = rng.uniform(0.0, 2.0 * np.pi)
    normal = np.array([np.cos(heading), np.sin(heading)])
    path = rng.uniform(40.0, 90.0) * (frame_times() - meeting / FRAME_RATE)
    is_bar = bool(rng.random() < 0.5)
    return Occluder(
        position=centre[meeting] + path[:, np.newaxis] * normal,
        normal=normal,
        half_width=rng.uniform(5.0, 10.0) if is_bar else rng.uniform(11.0, 18.0),
        is_bar=is_bar,
        world_offset=rng.uniform(0.0, 1e3, 2),
        brightness=rng.choice([0.55, 1.35]),
    )


def draw_scene(spec: ClipSpec, options: SceneOptions) -> Scene:
    """Makes all random choices of a clip."""
    split = SPLITS.index(spec.split)
    rng = np.random.default_rng([spec.seed, split, spec.label, spec.instance])
    appearance = draw_appearance(rng, spec.label, options)
    area = rng.uniform(*options.object_area) * FRAME_WIDTH * FRAME_HEIGHT
    share = objects.shape_share(objects.CLASSES[spec.label].shape)
    linear, centre = _draw_object_motion(rng, options)
    camera = _draw_camera(rng, options)
    num_occluders = rng.integers(options.occluders[0], options.occluders[1] + 1)
    return Scene(
        appearance=appearance,
        radius=float(np.sqrt(area / (4.0 * share * appearance.aspect))),
        object_to_frame=_affine(linear, np.zeros(2), centre),
        frame_to_world=camera,
        occluders=tuple(_draw_occluder(rng, centre) for _ in range(num_occluders)),
        brightness=1.0 + options.illumination * _wander(rng)[:, 0],
        slope=options.illumination * _wander(rng, 2),
        tint=1.0 + 0.3 * options.illumination * _wander(rng, 3),
    )
