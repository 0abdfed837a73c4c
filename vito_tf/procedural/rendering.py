# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Scene to pixels: background, object, occluders, light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vito_tf.procedural import backgrounds, objects, scenes

_SIZE = (scenes.FRAME_WIDTH, scenes.FRAME_HEIGHT)
_Y, _X = np.mgrid[: scenes.FRAME_HEIGHT, : scenes.FRAME_WIDTH].astype(np.float32)
_Y_CENTRED = 2.0 * _Y / scenes.FRAME_HEIGHT - 1.0
_X_CENTRED = 2.0 * _X / scenes.FRAME_WIDTH - 1.0


def _view_world(world: np.ndarray, frame_to_world: np.ndarray) -> np.ndarray:
    # OpenCV computes source coordinates in 16 bits, so the camera is brought near the origin.
    matrix = frame_to_world.copy()
    matrix[:, 2] %= backgrounds.PERIOD
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(world, matrix, _SIZE, flags=flags, borderMode=cv2.BORDER_WRAP)


def _place_sprite(sprite: np.ndarray, object_to_frame: np.ndarray) -> np.ndarray:
    matrix = object_to_frame.copy()
    matrix[:, 2] -= matrix[:, :2] @ np.full(2, sprite.shape[0] // 2)
    return cv2.warpAffine(sprite, matrix, _SIZE, flags=cv2.INTER_LINEAR)


def _occluder_alpha(occluder: scenes.Occluder, frame: int) -> np.ndarray:
    x, y = _X - occluder.position[frame, 0], _Y - occluder.position[frame, 1]
    if occluder.is_bar:
        distance = np.abs(x * occluder.normal[0] + y * occluder.normal[1])
    else:
        distance = np.hypot(x, y)
    return np.clip(occluder.half_width + 0.5 - distance, 0.0, 1.0).astype(np.float32)


def _occluder_texture(occluder: scenes.Occluder, world: np.ndarray, frame: int) -> np.ndarray:
    # Whole pixels will do, and a slice is several times faster than another warp.
    corner = np.round(occluder.world_offset - occluder.position[frame]).astype(int)
    left, top = corner % backgrounds.PERIOD
    window = world[top : top + scenes.FRAME_HEIGHT, left : left + scenes.FRAME_WIDTH]
    return window * np.float32(occluder.brightness)


def _three_channels(plane: np.ndarray) -> np.ndarray:
    # Several times faster than to broadcast over a last axis of three.
    return cv2.merge([plane, plane, plane])


def _light(scene: scenes.Scene, frame: int) -> np.ndarray:
    slope_x, slope_y = scene.slope[frame].astype(np.float32)
    plane = np.float32(scene.brightness[frame]) + slope_x * _X_CENTRED + slope_y * _Y_CENTRED
    return cv2.merge([np.maximum(plane * np.float32(tint), 0.0) for tint in scene.tint[frame]])


def _render_frame(
    scene: scenes.Scene, world: np.ndarray, sprite: np.ndarray, frame: int
) -> tuple[np.ndarray, np.ndarray]:
    """One frame, uint8 [H, W, 3], and where its object is visible, bool [H, W]."""
    canvas = _view_world(world, scene.frame_to_world[frame])
    placed = _place_sprite(sprite, scene.object_to_frame[frame])
    visible = np.ascontiguousarray(placed[..., 3])
    canvas = canvas * _three_channels(1.0 - visible) + cv2.cvtColor(placed, cv2.COLOR_RGBA2RGB)
    for occluder in scene.occluders:
        alpha = _occluder_alpha(occluder, frame)
        if not alpha.any():
            continue
        texture = _occluder_texture(occluder, world, frame)
        canvas += _three_channels(alpha) * (texture - canvas)
        visible = visible * (1.0 - alpha)
    pixels = cv2.convertScaleAbs(canvas * _light(scene, frame), alpha=255.0)
    return pixels, visible > 0.5


def render_clip(
    spec: scenes.ClipSpec,
    options: scenes.SceneOptions | None = None,
    frames: Sequence[int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Renders a clip, or some frames of it.

    Args:
      spec: which clip.
      options: how hard; the defaults of `SceneOptions` when None.
      frames: indices of the F frames to render; all of them when None.

    Returns:
      The frames, uint8 RGB [F, H, W, 3], and masks of the visible part of the object, bool
      [F, H, W]. The masks are for evaluation only.
    """
    options = scenes.SceneOptions() if options is None else options
    frames = range(scenes.NUM_FRAMES) if frames is None else frames
    scene = scenes.draw_scene(spec, options)
    world = backgrounds.world(options.background_contrast)
    sprite = objects.draw_sprite(scene.appearance, scene.radius)
    rendered = [_render_frame(scene, world, sprite, frame) for frame in frames]
    pixels, masks = zip(*rendered)
    return np.stack(pixels), np.stack(masks)
