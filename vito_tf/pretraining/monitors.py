# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Looks at the encoder while it learns: nearest neighbours, views, attention."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

import gin
import numpy as np
import tensorflow as tf
from matplotlib import figure as figures

from vito_tf.evaluation import attention_maps, frames, nearest_neighbours, pictures
from vito_tf.pretraining import callbacks, run_directory
from vito_tf.video import clips as clips_lib
from vito_tf.video import skipped

Source = Callable[[str], clips_lib.Clips]


@dataclasses.dataclass(frozen=True)
class Run:
    """What a monitor may know of the run it watches."""

    directory: run_directory.RunDirectory
    data_dir: str
    writer: tf.summary.SummaryWriter
    image_size: int
    skip_log: skipped.SkipLog
    batches: Callable[[], tf.data.Dataset]
    total_steps: int


class Monitor(callbacks.StepCallback):
    """Measures before the first step, every so many steps, and at the end of the run."""

    def __init__(self, run: Run, every_steps: int):
        super().__init__(every_steps, run.total_steps)
        self.run = run

    def set_model(self, model: tf.keras.Model) -> None:
        super().set_model(model)
        self._encode = tf.function(self._encode_locally, autograph=False)

    def encode(self, images: tf.Tensor) -> dict:
        """The present network's outputs (see `VitoNetwork.call`), without a word to other workers.

        Args:
          images: [B, S, S, 3] float32 in [0, 1].
        """
        return self._encode(images)

    def _encode_locally(self, images: tf.Tensor) -> dict:
        # Within a replica, batch norm reads its own statistics; outside, it asks all workers'.
        strategy = self.model.distribute_strategy
        outputs = strategy.run(lambda batch: self.model(batch, training=False), args=(images,))
        return tf.nest.map_structure(
            lambda output: strategy.experimental_local_results(output)[0], outputs
        )

    def measure(self) -> dict[str, float]:
        """Figures of the present encoder, by name."""
        return {}

    def pictures(self) -> dict[str, figures.Figure]:
        """Pictures of the present encoder, by title."""
        return {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        if self.step == 0:
            self.on_step(0, {})

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        measured = self.measure()
        if measured:
            self.run.directory.log_metrics(step, measured)
        with self.run.writer.as_default(step=step):
            for name, value in measured.items():
                tf.summary.scalar(name, value)
            for title, figure in self.pictures().items():
                tf.summary.image(title, pictures.summary_image(figure))


@gin.configurable
class NearestNeighbours(Monitor):
    """Accuracy of weighted kNN on held-out clips (`knn`); needs labels, never trains on them."""

    def __init__(
        self,
        run: Run,
        bank: Source = gin.REQUIRED,
        queries: Source = gin.REQUIRED,
        every_steps: int = 1000,
        max_clips: int = 10_000,
        k: int = 20,
        temperature: float = 0.07,
    ):
        """Opens the labelled clips.

        Args:
          run: the run to watch.
          bank: source of the clips of known class.
          queries: source of the clips to classify.
          every_steps: steps between measurements.
          max_clips: how many clips of each to use at the most.
          k: neighbours.
          temperature: of their votes.

        Raises:
          ValueError: when either has no labels.
        """
        super().__init__(run, every_steps)
        self._k, self._temperature = k, temperature
        self._sets = {}
        for name, source in (("bank", bank), ("queries", queries)):
            clips = source(run.data_dir)
            if not clips.class_names:
                raise ValueError(
                    f"NearestNeighbours.{name} has no labels; leave the monitor out of "
                    "pretrain.monitor_with, or give labelled clips."
                )
            self._num_classes = len(clips.class_names)
            self._sets[name] = frames.central_frames(
                clips, run.image_size, run.skip_log, max_clips=max_clips
            ).batch(64)

    def measure(self) -> dict[str, float]:
        features, labels = {}, {}
        for name, dataset in self._sets.items():
            batches = [(self.encode(batch["image"])["pooled"], batch["label"]) for batch in dataset]
            features[name], labels[name] = (tf.concat(part, axis=0) for part in zip(*batches))
        predictions = nearest_neighbours.knn_predictions(
            features["bank"],
            labels["bank"],
            features["queries"],
            self._num_classes,
            self._k,
            self._temperature,
        )
        return {"knn": float(np.mean(predictions == labels["queries"]))}


@gin.configurable
class ViewPictures(Monitor):
    """Pictures of the views that the network is asked to match, a column a clip."""

    def __init__(self, run: Run, num_clips: int = 8):
        super().__init__(run, every_steps=run.total_steps)
        views = next(iter(run.batches()))["views"][:num_clips].numpy()
        rows = {f"view {n + 1}": list(views[:, n]) for n in range(views.shape[1])}
        self._figure = pictures.picture_grid(rows)

    def pictures(self) -> dict[str, figures.Figure]:
        return {"Views of the same clip": self._figure}


@gin.configurable
class AttentionPictures(Monitor):
    """Frames with the masks of each scale and their mean laid over them (Figure B.1)."""

    def __init__(
        self,
        run: Run,
        clips: Source = gin.REQUIRED,
        every_steps: int = 1000,
        num_clips: int = 8,
    ):
        """Reads the frames: of `num_clips` clips in shuffled order, always the same."""
        super().__init__(run, every_steps)
        dataset = frames.central_frames(
            clips(run.data_dir), run.image_size, run.skip_log, max_clips=256
        )
        dataset = dataset.shuffle(256, seed=0, reshuffle_each_iteration=False)
        self._images = tf.stack([frame["image"] for frame in dataset.take(num_clips)])

    def pictures(self) -> dict[str, figures.Figure]:
        masks = self.encode(self._images)["masks"]
        if not masks:
            return {}
        size = self._images.shape[1]
        maps = attention_maps.upsampled_masks(masks, size)
        maps["mean"] = attention_maps.mean_mask(masks, size)
        images = self._images.numpy()
        rows = {"frame": list(images)}
        for name, mask in maps.items():
            title = name if name == "mean" else f"level {name}"
            rows[title] = [pictures.overlay(*pair) for pair in zip(images, mask.numpy())]
        return {"Attention": pictures.picture_grid(rows)}
