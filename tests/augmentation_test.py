# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of crops and of the augmentation of batches of views."""

from __future__ import annotations

import colorsys
import io
import itertools

import gin
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from vito_tf import augmentation
from vito_tf.augmentation import A1, A2, ViewParameters, ViewPolicy

_SIZE = 40


def _images(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 1, (*shape, 3)).astype(np.float32)


def _seeds(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).integers(-(2**31), 2**31, (*shape, 2)).astype(np.int32)


def _parameters(num_images: int) -> ViewParameters:
    """Every jitter order occurs, and each coin both ways."""
    rng = np.random.default_rng(3)

    def uniform(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, num_images).astype(np.float32)

    return ViewParameters(
        flip=rng.random(num_images) < 0.5,
        jitter=rng.random(num_images) < 0.8,
        brightness=uniform(-0.4, 0.4),
        contrast=uniform(0.6, 1.4),
        saturation=uniform(0.8, 1.2),
        hue=uniform(-0.1, 0.1),
        order=np.arange(num_images, dtype=np.int32) % 24,
        grey=rng.random(num_images) < 0.2,
        blur=rng.random(num_images) < 0.5,
        sigma=uniform(0.1, 2.0),
        solarise=rng.random(num_images) < 0.2,
    )


def _hsv_reference(image: np.ndarray, saturation: float, hue: float) -> np.ndarray:
    pixels = []
    for rgb in image.reshape(-1, 3):
        h, s, v = colorsys.rgb_to_hsv(*rgb)
        pixels.append(colorsys.hsv_to_rgb((h + hue) % 1, min(max(s * saturation, 0), 1), v))
    return np.reshape(pixels, image.shape)


def _reference(image: np.ndarray, choice: ViewParameters) -> np.ndarray:
    """One image [S, S, 3] after A.1's items 2 to 6, in float64 and one operation at a time."""
    x = image.astype(np.float64)
    if choice.flip:
        x = x[:, ::-1]
    if choice.jitter:
        for op in list(itertools.permutations(range(4)))[choice.order]:
            if op == 0:
                x = x + float(choice.brightness)
            elif op == 1:
                mean = x.mean(axis=(0, 1))
                x = float(choice.contrast) * (x - mean) + mean
            elif op == 2:
                x = _hsv_reference(x, float(choice.saturation), 0)
            else:
                x = _hsv_reference(x, 1, float(choice.hue))
            x = np.clip(x, 0, 1)
    if choice.grey:
        x = np.stack([x @ [0.2989, 0.5870, 0.1140]] * 3, axis=-1)
    if choice.blur:
        radius = int(len(x) / 10 / 2)
        kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * float(choice.sigma) ** 2))
        for axis in (0, 1):
            x = np.apply_along_axis(np.convolve, axis, x, kernel / kernel.sum(), mode="same")
    if choice.solarise:
        x = np.where(x < 0.5, x, 1 - x)
    return np.clip(x, 0, 1)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """The reference applied to `_images` with `_parameters`, 48 views."""
    choices = [ViewParameters(*fields) for fields in zip(*_parameters(48))]
    return np.stack([_reference(x, c) for x, c in zip(_images(48, _SIZE, _SIZE), choices)])


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_whole_chain_equals_the_reference(expected, mode):
    apply = augmentation.apply_parameters
    if mode != "eager":
        apply = tf.function(apply, jit_compile=mode == "xla", autograph=False)
    parameters = ViewParameters(*map(tf.constant, _parameters(48)))
    actual = apply(tf.constant(_images(48, _SIZE, _SIZE)), parameters)
    np.testing.assert_allclose(actual, expected, atol=5e-6)


def test_no_choice_leaves_the_image_alone():
    images = _images(2, _SIZE, _SIZE)
    nothing = ViewPolicy(blur=0, solarise=0, flip=0, jitter=0, grey=0)
    actual = augmentation.augment_views(images[None], _seeds(1, 2), [nothing] * 2)[0]
    np.testing.assert_array_equal(actual, images)


def test_parameters_follow_the_policies():
    draws = augmentation.draw_parameters(_seeds(20_000, 2), [A1, A2])
    draws = ViewParameters(*(field.numpy() for field in draws))
    coins = {
        "flip": (0.5, 0.5),
        "jitter": (0.8, 0.8),
        "grey": (0.2, 0.2),
        "blur": (1.0, 0.1),
        "solarise": (0.0, 0.2),
    }
    for name, probabilities in coins.items():
        np.testing.assert_allclose(getattr(draws, name).mean(0), probabilities, atol=0.015)
    assert draws.blur[:, 0].all()
    assert not draws.solarise[:, 0].any()
    ranges = {
        "brightness": (-0.4, 0.4),
        "contrast": (0.6, 1.4),
        "saturation": (0.8, 1.2),
        "hue": (-0.1, 0.1),
        "sigma": (0.1, 2.0),
    }
    for name, (low, high) in ranges.items():
        scaled = (getattr(draws, name) - low) / (high - low)
        assert scaled.min() > -1e-6
        assert scaled.max() < 1 + 1e-6
        np.testing.assert_allclose(
            np.histogram(scaled, 10, (0, 1))[0] / scaled.size, 0.1, atol=0.01
        )
    np.testing.assert_allclose(
        np.bincount(draws.order.ravel()) / draws.order.size, 1 / 24, atol=0.01
    )
    correlation = np.corrcoef([field[:, 1] for field in draws]) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.03


def test_same_seed_same_view_in_any_batch():
    views, seeds = _images(3, 3, _SIZE, _SIZE), _seeds(3, 3)
    whole = augmentation.augment_views(views, seeds)
    assert whole.shape == views.shape
    single = augmentation.augment_views(views[1:2, 1:2], seeds[1:2, 1:2], [A2])
    np.testing.assert_allclose(single[0, 0], whole[1, 1], atol=1e-6)
    other = augmentation.augment_views(views, seeds + 1)
    assert np.abs(whole - other).max(axis=(2, 3, 4)).min() > 0.01


def test_compiled_in_an_input_pipeline():
    views, seeds = _images(4, 2, _SIZE, _SIZE), _seeds(4, 2)
    compiled = tf.function(augmentation.augment_views, jit_compile=True)
    dataset = tf.data.Dataset.from_tensor_slices((views, seeds)).batch(2, drop_remainder=True)
    dataset = dataset.map(lambda v, s: compiled(v, s, (A1, A2)), num_parallel_calls=2)
    assert dataset.element_spec.shape == (2, 2, _SIZE, _SIZE, 3)
    actual = np.concatenate(list(dataset.as_numpy_iterator()))
    np.testing.assert_allclose(actual, augmentation.augment_views(views, seeds), atol=5e-6)


def test_too_few_policies():
    with pytest.raises(ValueError, match="policies has 1 entries for 2 views"):
        augmentation.augment_views(_images(1, 2, 8, 8), _seeds(1, 2), [A1])


@pytest.mark.parametrize(
    ("field", "value"), [("blur", 1.1), ("jitter", -0.1), ("contrast", 2), ("hue", 0.6)]
)
def test_policy_outside_its_range(field, value):
    with pytest.raises(ValueError, match=rf"ViewPolicy\.{field} = {value} is outside"):
        ViewPolicy(**{"blur": 1.0, "solarise": 0.0, field: value})


def test_policy_by_gin():
    with gin.unlock_config():
        gin.parse_config("strong/ViewPolicy.blur = 0.5\nstrong/ViewPolicy.solarise = 0.3")
        with gin.config_scope("strong"):
            policy = ViewPolicy()  # type: ignore[call-arg]
    assert policy == ViewPolicy(blur=0.5, solarise=0.3)
    assert (A1.blur, A1.solarise, A2.blur, A2.solarise) == (1.0, 0.0, 0.1, 0.2)


def _boxes(count: int, height: int, width: int, min_area: float) -> np.ndarray:
    dataset = tf.data.Dataset.from_tensor_slices(_seeds(count)).map(
        lambda seed: augmentation.random_crop_box(seed, height, width, min_area)
    )
    return next(dataset.batch(count).as_numpy_iterator())


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 50), (3, 2), (7, 300), (2000, 9), (256, 340)]
)
def test_crops_lie_inside_the_image(height, width):
    boxes = _boxes(300, height, width, 0.08)
    top, left, crop_height, crop_width = boxes.T
    assert boxes.dtype == np.int32
    assert min(top.min(), left.min()) >= 0
    assert min(crop_height.min(), crop_width.min()) >= 1
    assert (top + crop_height).max() <= height
    assert (left + crop_width).max() <= width


@pytest.mark.parametrize("min_area", [0.08, 0.4])
def test_crops_are_distributed_as_in_the_paper(min_area):
    height, width = 1000, 1000
    boxes = _boxes(4000, height, width, min_area)
    top, left, crop_height, crop_width = boxes.T.astype(np.float64)
    area, aspect = crop_height * crop_width / 1e6, np.log(crop_width / crop_height)
    rng = np.random.default_rng(4)
    free_area = rng.uniform(min_area, 1, 200_000)
    free_aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), 200_000))
    clamped_width = np.minimum(np.sqrt(free_area * free_aspect), 1)
    clamped_height = np.minimum(np.sqrt(free_area / free_aspect), 1)
    quantiles = np.linspace(0, 1, 11)
    np.testing.assert_allclose(
        np.quantile(area, quantiles),
        np.quantile(clamped_width * clamped_height, quantiles),
        atol=0.03,
    )
    np.testing.assert_allclose(
        np.quantile(aspect, quantiles),
        np.quantile(np.log(clamped_width / clamped_height), quantiles),
        atol=0.03,
    )
    for offset, free in ((top, height - crop_height), (left, width - crop_width)):
        share = (offset[free > 100] + 0.5) / (free[free > 100] + 1)
        np.testing.assert_allclose(np.histogram(share, 5, (0, 1))[0] / len(share), 0.2, atol=0.03)


def test_crops_of_the_same_seed_are_the_same_in_a_graph():
    in_graph = tf.function(augmentation.random_crop_box, autograph=False)
    for seed in _seeds(5):
        eager = augmentation.random_crop_box(seed, 100, 80, 0.4)
        np.testing.assert_array_equal(eager, in_graph(seed, 100, 80, 0.4))


def test_crop_of_no_area():
    with pytest.raises(ValueError, match=r"min_area = 0 is outside \(0, 1\]"):
        augmentation.random_crop_box(tf.constant([0, 1]), 10, 10, 0)


def _jpeg(height: int, width: int, mode: str, subsampling: int) -> bytes:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (height // 2 + 1, width // 2 + 1, 3), np.uint8)
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
    options = {} if mode == "L" else {"subsampling": subsampling}
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=95, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("mode", "subsampling"), [("RGB", 0), ("RGB", 1), ("RGB", 2), ("L", 0), ("CMYK", 0)]
)
@pytest.mark.parametrize(("height", "width"), [(97, 131), (128, 96)])
def test_cropped_decoding_gives_the_same_pixels(mode, subsampling, height, width):
    jpeg = tf.constant(_jpeg(height, width, mode, subsampling))
    image = tf.io.decode_jpeg(jpeg, channels=3)
    boxes = [(0, 0, height, width), (height - 1, width - 1, 1, 1), (16, 32, 32, 48), (0, 16, 5, 16)]
    for seed in _seeds(20):
        boxes.append(tuple(augmentation.random_crop_box(seed, height, width, 0.08).numpy()))
    for box in boxes:
        actual = augmentation.decode_crop_and_resize(jpeg, tf.constant(box), 24)
        wanted = augmentation.crop_and_resize(image, tf.constant(box), 24)
        np.testing.assert_array_equal(actual, wanted)


def _bicubic_weights(size: int, new_size: int) -> np.ndarray:
    """Float64 [new_size, size]: Keys' kernel, a = -1/2; pixels outside the image have no weight."""
    centres = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    x = np.abs(centres[:, None] - np.arange(size)[None])
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = np.where(x <= 1, near, np.where(x < 2, far, 0))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("box", [(3, 5, 20, 30), (0, 0, 50, 60), (9, 8, 24, 24), (7, 7, 1, 2)])
def test_resizing_is_bicubic(box):
    image = np.random.default_rng(6).integers(0, 256, (50, 60, 3), np.uint8)
    actual = augmentation.crop_and_resize(tf.constant(image), tf.constant(box), 24).numpy()
    top, left, height, width = box
    crop = image[top : top + height, left : left + width].astype(np.float64) / 255
    rows, columns = _bicubic_weights(height, 24), _bicubic_weights(width, 24)
    expected = np.clip(np.einsum("ih,hwc,jw->ijc", rows, crop, columns), 0, 1)
    assert actual.dtype == np.float32
    # TensorFlow rounds the kernel's argument to 1/1024.
    np.testing.assert_allclose(actual, expected, atol=2e-3)
