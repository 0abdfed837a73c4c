# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Picture files as records: what is kept, what is encoded anew, what is refused."""

import io

import numpy as np
import pytest
import tensorflow as tf
from official.vision.dataloaders import classification_input
from PIL import Image

from tests.transfer import pictures
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import photos


def smooth(*shape):
    ramp = np.linspace(20, 220, shape[0])[:, None] + np.linspace(0, 30, shape[1])
    return np.broadcast_to(ramp.reshape(*shape[:2], *[1] * (len(shape) - 2)), shape).astype("uint8")


def written(folder, data, name="a.jpg"):
    path = folder / name
    path.write_bytes(data)
    return str(path)


def features(path, **options):
    record = photos.example(path, 7, "cat", **options)
    return tf.train.Example.FromString(record).features.feature


def image_of(found):
    return found["image/encoded"].bytes_list.value[0]


@pytest.mark.parametrize("shape", [(12, 20, 3), (12, 20)])
def test_jpeg_is_kept_byte_by_byte(tmp_path, shape):
    data = pictures.encoded(smooth(*shape), "JPEG", quality=60)
    found = features(written(tmp_path, data))
    assert image_of(found) == data
    assert found["image/height"].int64_list.value == [12]
    assert found["image/width"].int64_list.value == [20]
    assert found["image/class/label"].int64_list.value == [7]
    assert found["image/class/text"].bytes_list.value == [b"cat"]
    assert found["image/filename"].bytes_list.value == [b"a.jpg"]


def test_a_phones_picture_with_others_behind_it_is_the_first(tmp_path):
    first, second = (Image.fromarray(smooth(16, 24, 3) // n) for n in (1, 3))
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=[second], quality=95)
    found = image_of(features(written(tmp_path, buffer.getvalue())))
    assert found == buffer.getvalue()
    difference = tf.io.decode_jpeg(found).numpy().astype(float) - np.asarray(first)
    assert np.abs(difference).mean() < 4


def test_model_garden_reads_the_records(tmp_path):
    path = written(tmp_path, pictures.encoded(smooth(40, 40, 3), "PNG"))
    decoded = classification_input.Decoder().decode(photos.example(path, 7, "cat"))
    parser = classification_input.Parser(output_size=[16, 16], num_classes=10)
    image, label = parser.parse_fn(is_training=False)(decoded)
    assert image.shape == [16, 16, 3]
    assert int(label) == 7


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "TIFF", "GIF", "CMYK", "palette", "1"])
def test_other_pictures_become_rgb_jpeg(tmp_path, kind):
    pixels = smooth(24, 32, 3)
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    if kind == "CMYK":
        image.convert("CMYK").save(buffer, "JPEG", quality=100)
    elif kind == "palette":
        image.quantize().save(buffer, "PNG")
    elif kind == "1":
        pixels = np.where(pixels > 128, 255, 0)
        Image.fromarray(pixels[..., 0].astype(np.uint8)).convert("1").save(buffer, "PNG")
    else:
        image.save(buffer, kind)
    found = image_of(features(written(tmp_path, buffer.getvalue())))
    with Image.open(io.BytesIO(found)) as again:
        assert (again.format, again.mode, again.size) == ("JPEG", "RGB", (32, 24))
        difference = np.abs(np.asarray(again, np.float64) - pixels)
    assert difference.mean() < 4


def test_unusable_files_are_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, [64, 64, 3], np.uint8)
    jpeg = pictures.encoded(noise, "JPEG")
    alpha = np.dstack([smooth(8, 8, 3), np.full([8, 8], 255, np.uint8)])
    see_through = io.BytesIO()
    Image.fromarray(smooth(8, 8, 3)).quantize().save(see_through, "PNG", transparency=0)
    frames = [Image.fromarray(smooth(8, 8, 3) // n) for n in (1, 2)]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    deep = pictures.encoded(np.full([8, 8], 40000, np.uint16), "PNG")
    no_pixels = io.BytesIO(pictures.encoded(smooth(8, 8, 3), "BMP"))
    no_pixels.seek(18)
    no_pixels.write(bytes(4))
    for number, (data, reason) in enumerate(
        [
            (b"", "is empty"),
            (b"not a picture", "cannot be decoded: it is of no"),
            (jpeg[:-200], "cannot be decoded: .*truncated"),
            (pictures.encoded(alpha), "has an alpha channel"),
            (pictures.encoded(alpha[..., [0, 3]], mode="LA"), "has an alpha channel"),
            (see_through.getvalue(), "has an alpha channel"),
            (moving.getvalue(), "holds several pictures"),
            (deep, "has pixels of kind I;16, not of 8 bits"),
            (no_pixels.getvalue(), "has no pixels|cannot be decoded"),
        ]
    ):
        path = written(tmp_path, data, f"{number}.png")
        with pytest.raises(conversion.ConversionError, match=rf"{path} {reason}") as error:
            features(path)
        assert "\n" not in str(error.value)
    assert image_of(features(written(tmp_path, pictures.encoded(alpha)), drop_alpha=True))
