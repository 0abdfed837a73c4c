# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A reusable SavedModel of an encoder, by the conventions of TF-Hub for image feature vectors.

tensorflow/hub, docs/reusable_saved_models.md and docs/common_saved_model_apis/images.md.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vito_tf.serving import encoder as encoder_lib
from vito_tf.transfer import image_input

_IMAGES = tf.TensorSpec([None, None, None, 3], tf.float32, name="images")
_CLIPS = tf.TensorSpec([None, None, None, None, 3], tf.float32, name="clips")
_ENCODED = tf.TensorSpec([None], tf.string, name="image_bytes")


class EncoderModule(tf.__internal__.tracking.AutoTrackable):
    """Calls of an encoder on images [B, H, W, 3] float32 RGB in [0, 1], of any size.

    Not a `tf.Module`, whose `variables` is a property, which a SavedModel does not keep. Variables
    are tracked under the names of the Keras objects that hold them, but without those objects: the
    SavedModel's variables are a `tf.train.Checkpoint(backbone=...)` (and `network=...`) as well,
    and it loads without Keras.

    Attributes:
      backbone: variables of the backbone, all levels.
      network: variables of backbone, attention and projector, where they are known.
      variables: what `__call__` depends on.
      trainable_variables: the trainable ones among them.
      regularization_losses: none; pretraining's weight decay is its optimiser's.
      attention: images to {level: [B, H, W], 'mean': [B, H, W]} float32, each mask summing to 1;
        only with attention pooling.
      embed: images to projections z [B, D] float32, not normalised; only with a projector.
    """

    def __init__(self, encoder: encoder_lib.Encoder, image_size: int):
        """Tracks the encoder's variables and traces its functions.

        Args:
          encoder: what to serve.
          image_size: S, to which the signature `image_bytes` crops and resizes.
        """
        self._encoder = encoder
        self._image_size = image_size
        mirrors: dict[int, Any] = {}
        self.backbone = _mirror(encoder.backbone, mirrors)
        used = encoder.pooled_part
        self.variables = list(used.variables)
        self.trainable_variables = list(used.trainable_variables)
        self.regularization_losses: list = []
        for training in (False, True):
            self.__call__.get_concrete_function(_IMAGES, training=training)
            self.endpoints.get_concrete_function(_IMAGES, training=training)
        if encoder.network is not None:
            self.network = _mirror(encoder.network, mirrors)
            self.embed = tf.function(encoder.embed, input_signature=[_IMAGES], autograph=False)
        if encoder.has_attention:
            self.attention = tf.function(
                encoder.attention, input_signature=[_IMAGES], autograph=False
            )

    @tf.function(autograph=False)
    def __call__(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Features [B, C]: the average over positions of the last trained level.

        Args:
          images: [B, H, W, 3] float32 in [0, 1].
          training: whether batch norm uses, and records, the batch's own statistics.
        """
        return self._encoder.features(images, training)

    @tf.function(autograph=False)
    def endpoints(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Feature maps {'2', '3', '4', '5'}: [B, h, w, C]; arguments as of `__call__`."""
        return self._encoder.endpoints(images, training)

    def signatures(self) -> dict[str, Any]:
        """What TF Serving can call; every result is {'features': [B, C]}.

        serving_default takes `images` as `__call__` does; image_bytes takes encoded JPEG and PNG
        files, string [B], and prepares them as the evaluation protocols do (BYOL, C.1); video_clip
        takes `clips`, [B, T, H, W, 3], and averages over the frames.
        """
        return {
            "serving_default": _signature(self._encoder.features, _IMAGES),
            "image_bytes": _signature(self._of_encoded, _ENCODED),
            "video_clip": _signature(self._encoder.clip_features, _CLIPS),
        }

    def _of_encoded(self, encoded: tf.Tensor) -> tf.Tensor:
        images = tf.map_fn(
            lambda image: image_input.central_view(image, self._image_size),
            encoded,
            fn_output_signature=tf.float32,
        )
        return self._encoder.features(images)


def _signature(function: Any, spec: tf.TensorSpec) -> Any:
    signature = tf.function(lambda value: {"features": function(value)}, autograph=False)
    return signature.get_concrete_function(spec)


def _mirror(node: Any, made: dict[int, Any]) -> Any:
    """Objects that track the same variables by the same names, and do nothing else.

    A SavedModel that holds Keras objects would get a traced function of each layer, which takes
    four times as long to write and is of no use here.
    """
    if isinstance(node, tf.Variable):
        return node
    if id(node) not in made:
        made[id(node)] = mirror = tf.__internal__.tracking.AutoTrackable()
        for name, child in node._trackable_children().items():
            mirror._track_trackable(_mirror(child, made), name)
    return made[id(node)]
