# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From clips to batches of augmented views (§3.1, eq. 1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import gin
import tensorflow as tf

from vito_tf import augmentation
from vito_tf.video import clips as clips_lib
from vito_tf.video import decoding, frame_sampling, skipped

_EPOCH = 1 << 32  # positions of one epoch; no data set has as many clips

_GROUP_PIXELS = 8 * 224 * 224


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ViewPipeline:
    """Samples frames of each clip, crops each at random, and augments them in batches.

    v^l ~ A_l(x_l), x_l ~ T({x_t}) (eq. 1): every view has its own frame, crop and colours.

    Attributes:
      sampler: T, which frames of a clip become views.
      image_size: S, height and width of the views in pixels.
      min_crop_area: smallest share of the frame that a crop covers: 0.4 for video, 0.08 for
        images (A.1).
      policies: A_l, one a view; None for (A1, A2, A1), the third view's being A1 (A.1).
      augment_on: 'host', in the input pipeline, or 'device', inside the train step.
    """

    sampler: frame_sampling.FrameSampler = gin.REQUIRED
    image_size: int = 224
    min_crop_area: float = 0.4
    policies: Sequence[augmentation.ViewPolicy] | None = None
    augment_on: str = "host"

    def __post_init__(self):
        if self.augment_on not in ("host", "device"):
            raise ValueError(
                f"ViewPipeline.augment_on must be 'host' or 'device', not {self.augment_on!r}."
            )
        if not 0 < self.min_crop_area <= 1:
            raise ValueError(
                f"ViewPipeline.min_crop_area must be in (0, 1], not {self.min_crop_area}."
            )
        if self.image_size < 1:
            raise ValueError(f"ViewPipeline.image_size must be positive, not {self.image_size}.")
        if self.sampler.num_views not in (2, 3) and self.policies is None:
            raise ValueError(
                f"FrameSampler.num_views is {self.sampler.num_views}; for other than 2 or 3 views "
                "bind ViewPipeline.policies."
            )
        if len(self.view_policies) != self.sampler.num_views:
            raise ValueError(
                f"ViewPipeline.policies has {len(self.view_policies)} entries for "
                f"FrameSampler.num_views = {self.sampler.num_views}."
            )

    @property
    def view_policies(self) -> Sequence[augmentation.ViewPolicy]:
        """The augmentation of each view."""
        default = (augmentation.A1, augmentation.A2, augmentation.A1)
        return default[: self.sampler.num_views] if self.policies is None else self.policies

    @property
    def device_policies(self) -> Sequence[augmentation.ViewPolicy] | None:
        """The policies that are left for the train step; None when the host applies them."""
        return self.view_policies if self.augment_on == "device" else None

    def batches(
        self,
        clips: clips_lib.Clips,
        batch_size: int,
        seed: int,
        skip_log: skipped.SkipLog,
        position: int = 0,
        num_shards: int = 1,
        shard: int = 0,
    ) -> tf.data.Dataset:
        """An endless, seeded stream of batches; the same for the same arguments.

        Args:
          clips: what to read, in a new shuffled order each epoch.
          batch_size: B, videos a batch of this pipeline.
          seed: of order, sampling and augmentation.
          skip_log: where clips that cannot be decoded are counted; they are passed over.
          position: where in the stream to start, one past the `position` of the last clip used.
          num_shards, shard: this pipeline's part of the clips.

        Returns:
          A dataset of `views` [B, V, S, S, 3] float32 in [0, 1], `seeds` [B, V, 2] int32,
          `label` [B] int64 and `position` [B] int64.
        """
        dataset = _stream(clips, seed, position, num_shards, shard).map(
            _as_written(lambda place, clip: self._views(place, clip, seed, shard, skip_log)),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        dataset = decoding.decoded_only(dataset)
        if self.augment_on == "host":
            dataset = dataset.batch(self._group_size(batch_size), drop_remainder=True)
            dataset = dataset.map(_as_written(self._augment), num_parallel_calls=tf.data.AUTOTUNE)
            dataset = dataset.rebatch(batch_size, drop_remainder=True)
        else:
            dataset = dataset.batch(batch_size, drop_remainder=True)
        return dataset.prefetch(tf.data.AUTOTUNE)

    def _group_size(self, batch_size: int) -> int:
        """Clips to augment together: the largest part of a batch that stays in a core's cache."""
        clip_pixels = self.sampler.num_views * self.image_size**2
        return max(
            size
            for size in range(1, batch_size + 1)
            if batch_size % size == 0 and (size == 1 or size * clip_pixels <= _GROUP_PIXELS)
        )

    def _views(
        self,
        position: tf.Tensor,
        clip: dict[str, tf.Tensor],
        seed: int,
        shard: int,
        skip_log: skipped.SkipLog,
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Crops of the sampled frames of one clip, and the seeds of their augmentation."""
        num_views = self.sampler.num_views
        key = tf.random.experimental.stateless_fold_in(tf.constant([seed, shard]), position)
        sample, crop, colour = tf.unstack(tf.random.experimental.stateless_split(key, 3))
        indices = self.sampler(clip["timestamps"], clip["end_timestamp"], sample)
        crop_seeds = tf.random.experimental.stateless_split(crop, num_views)
        views, decoded = decoding.decode_crops(
            clip, indices, crop_seeds, self.min_crop_area, self.image_size, skip_log
        )
        example = {
            "views": tf.ensure_shape(views, [num_views, self.image_size, self.image_size, 3]),
            "seeds": tf.cast(tf.random.experimental.stateless_split(colour, num_views), tf.int32),
            "label": clip["label"],
            "position": position,
        }
        return example, decoded

    def _augment(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        augment = tf.function(augmentation.augment_views, jit_compile=True, autograph=False)
        views = augment(batch["views"], batch["seeds"], self.view_policies)
        return {**batch, "views": views}


# AutoGraph would convert all that the augmentation calls: seconds, and nothing would change.
_as_written = tf.autograph.experimental.do_not_convert


def _stream(
    clips: clips_lib.Clips, seed: int, position: int, num_shards: int, shard: int
) -> tf.data.Dataset:
    """Epoch after epoch of (position, clip); a position holds the epoch and the place in it."""
    first_epoch, offset = divmod(position, _EPOCH)

    def epoch_of(epoch):
        key = tf.random.experimental.stateless_fold_in(tf.constant([seed, -1]), epoch)
        order = tf.random.stateless_uniform([], key, None, None, tf.int64)
        skip = tf.where(epoch == first_epoch, tf.constant(offset, tf.int64), 0)
        epoch_clips = clips.read(order, num_shards, shard).skip(skip)
        positions = tf.data.Dataset.counter(epoch * _EPOCH + skip)
        return tf.data.Dataset.zip((positions, epoch_clips))

    return tf.data.Dataset.counter(tf.constant(first_epoch, tf.int64)).flat_map(epoch_of)
