# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How much of the attention falls on the object of a procedural video."""

from __future__ import annotations

import os

import gin
import numpy as np
import tensorflow as tf

from vito_tf.evaluation import attention_maps, frames
from vito_tf.pretraining import monitors
from vito_tf.procedural import source, video_writer
from vito_tf.video import clips as clips_lib


@gin.configurable
class AttentionOnObject(monitors.Monitor):
    """Attention mass on the visible object against the object's share of the picture's area.

    Measured on held-out clips, for each scale (`attention_on_object_<level>`) and for the mean of
    the scales (`attention_on_object`), with the masks that the renderer knows. They are used for
    nothing else. Uniform attention would give `object_area`.
    """

    def __init__(
        self,
        run: monitors.Run,
        clips: monitors.Source = source.procedural_videos,
        every_steps: int = 1000,
    ):
        """Reads the frames that have masks, one a clip.

        Args:
          run: the run to watch.
          clips: source of the held-out procedural clips.
          every_steps: steps between measurements.
        """
        super().__init__(run, every_steps)
        held_out = clips(run.data_dir)
        known = video_writer.load_held_out_masks(os.path.join(run.data_dir, "procedural"))
        self._images, self._objects = _central_frames(held_out, known, run)

    def measure(self) -> dict[str, float]:
        masks = self.encode(self._images)["masks"]
        if not masks:
            return {}
        size = self._images.shape[1]
        maps = attention_maps.upsampled_masks(masks, size)
        figures = {
            f"attention_on_object_{level}": _mean_mass(mask, self._objects)
            for level, mask in maps.items()
        }
        figures["attention_on_object"] = _mean_mass(
            attention_maps.mean_mask(masks, size), self._objects
        )
        figures["object_area"] = float(tf.reduce_mean(tf.cast(self._objects, tf.float32)))
        return figures


def _central_frames(
    clips: clips_lib.Clips, known: dict[str, np.ndarray], run: monitors.Run
) -> tuple[tf.Tensor, tf.Tensor]:
    """A frame of each clip, float32 [N, S, S, 3], and where its object is, bool [N, S, S]."""
    which = len(known["timestamps"]) // 2
    masks = dict(zip(known["names"], known["masks"][:, which]))
    images, objects = [], []
    for frame in frames.central_frames(
        clips, run.image_size, run.skip_log, microseconds=int(known["timestamps"][which])
    ):
        mask = masks[frame["name"].numpy().decode().split("#")[0]]
        mask = tf.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)
        images.append(frame["image"])
        objects.append(frames.central_square(mask, run.image_size)[..., 0] > 0.5)
    return tf.stack(images), tf.stack(objects)


def _mean_mass(masks: tf.Tensor, objects: tf.Tensor) -> float:
    return float(tf.reduce_mean(attention_maps.mass_inside(masks, objects)))
