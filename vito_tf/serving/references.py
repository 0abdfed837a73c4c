# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What an export must compute: calls, inputs from photographs, and the network's own outputs."""

from __future__ import annotations

from importlib import resources

import numpy as np
import tensorflow as tf
from matplotlib import cbook

from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving.cases import Case
from vito_tf.transfer import image_input

_MOST_IMAGES = 8


def cases(
    encoder: encoder_lib.Encoder, file_format: str, image_size: int, pattern: str | None
) -> list[Case]:
    """Runs the network on photographs, layer by layer, on the CPU.

    Args:
      encoder: what is exported.
      file_format: 'saved_model' or 'backbone', which take images of any size: each photograph's
        shorter side becomes `image_size`; or 'tflite' or 'onnx', which take squares of it.
      image_size: S.
      pattern: a glob of JPEG or PNG files, of which the first eight are used; None for photographs
        that come with matplotlib and scikit-learn.

    Raises:
      ValueError: if no file matches, or one is no image.
    """
    result = []
    files = photographs(pattern)
    with tf.device("/CPU:0"):
        for encoded in files:
            square = image_input.central_view(tf.constant(encoded), image_size)[None]
            if file_format in ("tflite", "onnx"):
                result.append(_case("features", square, encoder.features(square)))
                continue
            image = _resized(encoded, image_size)
            result.append(_case("endpoints", image, encoder.endpoints(image)))
            if file_format == "saved_model":
                result += _calls(encoder, image)
                given = np.frombuffer(encoded, np.uint8)
                result.append(_case("image_bytes", given, encoder.features(square)))
        if file_format == "saved_model":
            clip = tf.stack([image, image[:, ::-1], image[:, :, ::-1]], axis=1)
            frames = [encoder.features(clip[:, time]) for time in range(3)]
            result.append(_case("video_clip", clip, tf.add_n(frames) / len(frames)))
    return result


def _calls(encoder: encoder_lib.Encoder, image: tf.Tensor) -> list[Case]:
    features = encoder.features(image)
    result = [_case(call, image, features) for call in ("features", "serving_default")]
    if encoder.network is not None:
        result.append(_case("embed", image, encoder.embed(image)))
    if encoder.has_attention:
        result.append(_case("attention", image, encoder.attention(image)))
    return result


def _case(call: str, value: tf.Tensor | np.ndarray, outputs: tf.Tensor | dict) -> Case:
    named = outputs if isinstance(outputs, dict) else {"features": outputs}
    expected = {name: np.asarray(output) for name, output in named.items()}
    return Case(call, np.asarray(value), expected)


def photographs(pattern: str | None) -> list[bytes]:
    """Reads photographs.

    Args:
      pattern: see `cases`.

    Returns:
      Encoded images of one channel or three.

    Raises:
      ValueError: if no file matches, or one is no image.
    """
    return [_read(path) for path in _files(pattern)]


def _files(pattern: str | None) -> list[str]:
    if pattern is None:
        folder = resources.files("sklearn.datasets.images")
        more = [str(folder / name) for name in ("china.jpg", "flower.jpg")]
        return [str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)), *more]
    files = sorted(tf.io.gfile.glob(pattern))[:_MOST_IMAGES]
    if not files:
        raise ValueError(f"--verify_images={pattern} matches no file.")
    return files


def _read(path: str) -> bytes:
    try:
        encoded = tf.io.gfile.GFile(path, "rb").read()
        channels = tf.io.decode_image(encoded, expand_animations=False).shape[-1]
    except tf.errors.OpError as error:
        raise ValueError(f"--verify_images: {path} is no image.") from error
    if channels not in (1, 3):
        raise ValueError(f"--verify_images: {path} has {channels} channels; 1 or 3 are meant.")
    return encoded


def _resized(encoded: bytes, image_size: int) -> tf.Tensor:
    """[1, H, W, 3] float32 in [0, 1] of the image's own shape, its shorter side `image_size`."""
    pixels = tf.io.decode_image(encoded, expand_animations=False)
    scale = image_size / min(pixels.shape[:2])
    size = [max(round(scale * side), image_size) for side in pixels.shape[:2]]
    image = tf.image.resize(pixels, size, antialias=True) / 255.0
    return tf.clip_by_value(tf.broadcast_to(image, [*size, 3]), 0.0, 1.0)[None]
