# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A SavedModel of a trained detector: images in, boxes, classes and scores out."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, NamedTuple

import tensorflow as tf
from official.modeling import hyperparams

from vito_tf.serving import encoder as encoder_lib
from vito_tf.transfer import checkpoint_errors, finetuning, reading
from vito_tf.transfer.detection import (
    annotation_files,
    config,
    detections,
    input,
    locations,
    model,
    rescaling,
    structures,
)

DESCRIPTION = "detector.json"
_PIXELS = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
_IMAGES = tf.TensorSpec([None, None, None, 3], tf.float32, name="images")
_ENCODED = tf.TensorSpec([None], tf.string, name="image_bytes")


class DetectorError(ValueError):
    """A run that holds no detector that could be served."""


class TrainedDetector(NamedTuple):
    """A detector in memory.

    Attributes:
      network: from standardised images to predictions.
      task: its configuration.
      class_names: by class.
      category_ids: of its data, by class.
      source: where the weights come from, in words.
      step: of the run, that the weights are of.
    """

    network: model.FcosModel
    task: config.Task
    class_names: list[str]
    category_ids: list[int]
    source: str
    step: int

    def predict(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the network says of every location, in pixels of its input.

        Args:
          images: [B, H, W, 3], uint8, or float32 in [0, 1].

        Returns:
          `structures.Predictions` as a dictionary, without `quality` where there is none.
        """
        inputs, _ = self._prepared(images)
        return _as_dict(self.network(inputs, training=False))

    def detect(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Finds objects.

        Args:
          images: [B, H, W, 3], uint8, or float32 in [0, 1]; of any size.

        Returns:
          What `detections.detect` does, with boxes in the images' own pixels.
        """
        return self._detect(*self._prepared(images))

    def detect_encoded(self, encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        """Finds objects in JPEG and PNG files, string [B], each of a size of its own."""
        return self._detect(*self._mapped(reading.decode_image, encoded))

    def _prepared(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Network inputs as evaluation has them, and `image_info`."""
        images = encoder_lib.checked(images)
        if images.dtype != tf.uint8:
            images = images * 255.0
        return self._mapped(tf.identity, images)

    def _mapped(
        self, image_of: Callable[[tf.Tensor], tf.Tensor], values: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        data = self.task.validation_data

        def prepare(value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            tensors = {"image": image_of(value), "image_id": tf.zeros([], tf.int64)}
            image, labels = input.eval_example(tensors, data)
            return image, labels["image_info"]

        shapes = (tf.TensorSpec([*data.output_size, 3], data.dtype), tf.TensorSpec([4, 2]))
        return tf.map_fn(prepare, values, fn_output_signature=shapes)

    def _detect(self, inputs: tf.Tensor, image_info: tf.Tensor) -> dict[str, tf.Tensor]:
        network = self.task.model
        where = locations.make(network.input_size[:2], network.min_level, network.max_level)
        predictions = self.network(inputs, training=False)
        found = detections.detect(network.detection_generator, predictions, where)
        return {**found, "boxes": rescaling.to_images(found["boxes"], image_info)}


def signatures(detector: TrainedDetector) -> dict[str, Any]:
    """What can be called of an export.

    serving_default takes `images`, uint8 [B, H, W, 3]; float_images takes them as float32 in
    [0, 1]; image_bytes takes JPEG and PNG files, string [B]. All give boxes [B, M, 4] (y_min,
    x_min, y_max, x_max) in the images' own pixels, classes int32 [B, M] (-1 after the last
    detection), scores [B, M] in descending order, and num_detections [B]. predictions takes what
    serving_default takes, and gives what the network says of every location.
    """
    return {
        "serving_default": _signature(detector.detect, _PIXELS),
        "float_images": _signature(detector.detect, _IMAGES),
        "image_bytes": _signature(detector.detect_encoded, _ENCODED),
        "predictions": _signature(detector.predict, _PIXELS),
    }


def of_run(model_dir: str, checkpoint: str | None = None) -> TrainedDetector:
    """The detector that a run of `vito_fcos_coco`, `vito_fcos_lvis` or their like has trained.

    Args:
      model_dir: of the run.
      checkpoint: name in it, such as ckpt-1000; None for the newest.

    Raises:
      DetectorError: if there is no such run, or no such checkpoint.
      ValueError: if its encoder, whose folder says which network it is, or its annotation file,
        which has the names of classes, cannot be used any more.
    """
    path = os.path.join(model_dir, finetuning.PARAMS)
    if not tf.io.gfile.exists(path):
        raise DetectorError(f"--model_dir={model_dir} holds no run: there is no {path}.")
    saved = hyperparams.read_yaml_to_params_dict(path).as_dict().get("task", {})
    if "assignment" not in saved:
        raise DetectorError(f"--model_dir={model_dir} holds a run that trains no detector.")
    task = config.Task()
    task.override(saved, is_strict=True)
    file = tf.train.latest_checkpoint(model_dir)
    if checkpoint:
        file = os.path.join(model_dir, checkpoint)
    if file is None or not tf.io.gfile.exists(file + ".index"):
        raise DetectorError(f"There is no checkpoint {checkpoint or ''} in {model_dir}.")
    network = model.build(task.model)
    with checkpoint_errors.named(file):
        status = tf.train.Checkpoint(model=network).read(file).expect_partial()
        status.assert_existing_objects_matched()
    data = annotation_files.read(
        task.annotation_file or annotation_files.beside(task.validation_data.input_path)
    )
    categories = annotation_files.categories(data)
    step = int(tf.train.load_variable(file, "global_step/.ATTRIBUTES/VARIABLE_VALUE"))
    return TrainedDetector(
        network,
        task,
        list(categories.values()),
        list(categories),
        f"fine-tuning run by vito_tf, step {step}",
        step,
    )


def write(detector: TrainedDetector, folder: str) -> None:
    """Writes the SavedModel, and `detector.json` with names and category ids of its classes.

    It has variables and no Keras objects, which would get a traced function of each layer.

    Args:
      detector: what to write.
      folder: receives them.
    """
    module = tf.__internal__.tracking.AutoTrackable()
    module.variables = list(detector.network.variables)
    tf.saved_model.save(module, folder, signatures=signatures(detector))
    description = {"class_names": detector.class_names, "category_ids": detector.category_ids}
    with tf.io.gfile.GFile(os.path.join(folder, DESCRIPTION), "w") as file:
        file.write(json.dumps(description, indent=1) + "\n")


def _as_dict(predictions: structures.Predictions) -> dict[str, tf.Tensor]:
    return {name: value for name, value in predictions._asdict().items() if value is not None}


def _signature(function: Any, spec: tf.TensorSpec) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(spec)
