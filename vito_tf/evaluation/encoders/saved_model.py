# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Other people's SavedModels, such as those of TF-Hub."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from vito_tf.curation import classifiers
from vito_tf.evaluation.encoders import encoder, folder, identity

FEATURES = "features"
PROBABILITIES = "probabilities"
OUTPUTS = (FEATURES, encoder.LOGITS, PROBABILITIES)
_IMAGE_SIZE = 224
_CHUNK = 1 << 20  # Bytes.
_CLASSES = (encoder.IMAGENET_CLASSES, encoder.IMAGENET_CLASSES + 1)

Colour = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class SavedModelEncoder(encoder.Encoder):
    """A SavedModel from images to features [B, C] or to ILSVRC-2012's classes.

    Classes are features as well, as logits: of probabilities, their logarithms. Of 1001 classes the
    first is taken for background and left out.

    Attributes:
      call: the SavedModel.
      output: name of its output.
      gives: one of `OUTPUTS`.
      mean: is subtracted from images in [0, 1].
      std: by which they are divided then.
    """

    call: classifiers.Inference = dataclasses.field(compare=False, repr=False)
    output: str
    gives: str
    mean: Colour
    std: Colour

    def __call__(self, images: tf.Tensor) -> encoder.Outputs:
        values = tf.cast(
            self.call(_standardised(images, self.mean, self.std))[self.output], tf.float32
        )
        if self.gives == FEATURES:
            return encoder.Outputs(values, None, None)
        logits = values[:, -encoder.IMAGENET_CLASSES :]
        if self.gives == PROBABILITIES:
            logits = tf.math.log(tf.maximum(logits, np.finfo(np.float32).tiny))
        return encoder.Outputs(logits, logits, None)


def load(
    path: str,
    image_size: int | None = None,
    outputs: str = FEATURES,
    mean: Colour = (0.0, 0.0, 0.0),
    std: Colour = (1.0, 1.0, 1.0),
) -> SavedModelEncoder:
    """Loads a SavedModel by its signature `serving_default`, or its call where it has none.

    Args:
      path: its folder.
      image_size: 224 by default.
      outputs: what it gives, one of `OUTPUTS`. Of several outputs that this may be, the one of this
        name is taken.
      mean: is subtracted from images in [0, 1]. The defaults are what TF-Hub prescribes.
      std: by which they are divided then.

    Raises:
      ValueError: the folder holds no SavedModel, or not one that gives this.
    """
    if not tf.saved_model.contains_saved_model(path):
        raise ValueError(f"{path} is no folder of a SavedModel")
    image_size = image_size or _IMAGE_SIZE
    trial_images = tf.random.stateless_uniform([2, image_size, image_size, 3], [0, 0])
    try:
        call = classifiers.Inference(path)
        trial = call(_standardised(trial_images, mean, std))
    except (LookupError, TypeError, ValueError, tf.errors.OpError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(
            f"{path} cannot take {image_size}x{image_size} images: {reason}"
        ) from error
    for name, variable in identity.numbered(call.variables):
        identity.check_finite(name, variable.numpy())
    output = _choose(path, trial, outputs)
    classes = np.asarray(trial[output], np.float32)
    if outputs != FEATURES and (outputs == PROBABILITIES) != classifiers.are_probabilities(classes):
        raise ValueError(f"outputs={outputs} is wrong: {output} of {path} gives others")
    return SavedModelEncoder(
        folder.name_of(path),
        identity.digest("saved model", _facts(path, outputs, output, mean, std), []),
        f"SavedModel {path}, {outputs}",
        image_size,
        frozenset() if outputs == FEATURES else frozenset({encoder.LOGITS}),
        call,
        output,
        outputs,
        mean,
        std,
    )


def _standardised(images: tf.Tensor, mean: Colour, std: Colour) -> tf.Tensor:
    return (images - tf.constant(mean)) / tf.constant(std)


def _choose(path: str, found: Mapping[str, tf.Tensor], outputs: str) -> str:
    """Name of the output that gives what is asked for."""
    shapes = {name: tuple(value.shape) for name, value in found.items()}
    fits = [
        name
        for name, shape in shapes.items()
        if len(shape) == 2 and (outputs == FEATURES or shape[1] in _CLASSES)
    ]
    chosen = fits if len(fits) == 1 else [name for name in fits if name == outputs]
    if not chosen:
        listed = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise ValueError(f"{path} has no one output for outputs={outputs}: it gives {listed}")
    return chosen[0]


def _facts(path: str, gives: str, output: str, mean: Colour, std: Colour) -> dict:
    """All that the outputs depend on; of the graph and the variables, checksums of their files."""
    files = {os.path.relpath(name, path): _sha256(name) for name in _files(path)}
    return {"files": files, "gives": gives, "output": output, "mean": mean, "std": std}


def _files(path: str) -> Iterator[str]:
    yield from tf.io.gfile.glob(os.path.join(path, "saved_model.pb*"))
    for part in ("variables", "assets"):
        for folder_name, _, names in tf.io.gfile.walk(os.path.join(path, part)):
            yield from (os.path.join(folder_name, name) for name in names)


def _sha256(path: str) -> str:
    found = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
