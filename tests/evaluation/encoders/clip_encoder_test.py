# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""CLIP's modified ResNet against a slow transcription of openai/CLIP's definition in float64."""

import zipfile

import numpy as np
import pytest
import tensorflow as tf

from vito_tf import torch_files
from vito_tf.evaluation.encoders import clip_encoder, encoder

STEM = 4
BLOCKS = (2, 1, 1, 1)
WIDTH = 32 * 2 * STEM  # Of the last map: four heads of 64.
GRID = 2
SIZE = 64
OUTPUT = 6


def random_state():
    """A tiny tower, by the names of openai/CLIP's state dicts."""
    rng = np.random.default_rng(0)
    state = {}

    def conv(name, norm, inputs, outputs, size):
        scale = np.sqrt(2 / (inputs * size**2))
        state[f"{name}.weight"] = rng.normal(size=(outputs, inputs, size, size), scale=scale)
        for part in ("weight", "running_var"):
            state[f"{norm}.{part}"] = rng.uniform(0.5, 1.5, outputs)
        for part in ("bias", "running_mean"):
            state[f"{norm}.{part}"] = rng.normal(size=outputs, scale=0.1)
        state[f"{norm}.num_batches_tracked"] = np.array(7)

    for number, (inputs, outputs) in enumerate([(3, STEM), (STEM, STEM), (STEM, 2 * STEM)], 1):
        conv(f"conv{number}", f"bn{number}", inputs, outputs, 3)
    inputs = 2 * STEM
    for level, count in enumerate(BLOCKS, 1):
        width = STEM * 2**level
        for block in range(count):
            name = f"layer{level}.{block}."
            conv(f"{name}conv1", f"{name}bn1", inputs, width, 1)
            conv(f"{name}conv2", f"{name}bn2", width, width, 3)
            conv(f"{name}conv3", f"{name}bn3", width, 4 * width, 1)
            if block == 0:
                conv(f"{name}downsample.0", f"{name}downsample.1", inputs, 4 * width, 1)
            inputs = 4 * width
    for name in "qkvc":
        outputs = OUTPUT if name == "c" else WIDTH
        state[f"attnpool.{name}_proj.weight"] = rng.normal(size=(outputs, WIDTH), scale=0.03)
        state[f"attnpool.{name}_proj.bias"] = rng.normal(size=outputs, scale=0.1)
    state["attnpool.positional_embedding"] = rng.normal(size=(GRID**2 + 1, WIDTH), scale=0.5)
    return {
        name: value.astype(np.int64 if "tracked" in name else np.float32)
        for name, value in state.items()
    }


STATE = random_state()
IMAGES = np.random.default_rng(1).random((2, SIZE, SIZE, 3), np.float32)


def write(path, prefix="visual.", **changes):
    """Writes the tower within a CLIP whose other half is nearly empty."""
    state = {f"{prefix}{name}": value for name, value in {**STATE, **changes}.items()}
    state["logit_scale"] = np.float32(4.6)
    torch_files.write_state_dict(
        str(path), {name: value for name, value in state.items() if value is not None}
    )
    return str(path)


@pytest.fixture(name="clip", scope="module")
def _clip(tmp_path_factory):
    return clip_encoder.load(write(tmp_path_factory.mktemp("clip") / "rn.pt"))


def slow_conv(x, name, norm, stride=1):
    """PyTorch's convolution of one image [H, W, C] and its batch norm."""
    kernel = STATE[f"{name}.weight"].astype(np.float64)
    size = kernel.shape[-1]
    padded = np.pad(x, [(size // 2, size // 2)] * 2 + [(0, 0)])
    rows, columns = (1 + (length - size) // stride for length in padded.shape[:2])
    result = np.zeros((rows, columns, len(kernel)))
    for top in range(size):
        for left in range(size):
            seen = padded[top::stride, left::stride][:rows, :columns]
            result += seen @ kernel[:, :, top, left].T
    gamma, beta, mean, variance = (
        STATE[f"{norm}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (result - mean) / np.sqrt(variance + 1e-5) * gamma + beta


def slow_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).mean((1, 3))


def slow_map(image):
    mean = [0.48145466, 0.4578275, 0.40821073]
    std = [0.26862954, 0.26130258, 0.27577711]
    x = (image.astype(np.float64) - mean) / std
    for number in (1, 2, 3):
        stride = 2 if number == 1 else 1
        x = np.maximum(slow_conv(x, f"conv{number}", f"bn{number}", stride), 0)
    x = slow_pool(x)
    for level, count in enumerate(BLOCKS, 1):
        for block in range(count):
            name = f"layer{level}.{block}."
            halved = slow_pool if level > 1 and block == 0 else lambda x: x
            y = np.maximum(slow_conv(x, f"{name}conv1", f"{name}bn1"), 0)
            y = np.maximum(slow_conv(y, f"{name}conv2", f"{name}bn2"), 0)
            y = slow_conv(halved(y), f"{name}conv3", f"{name}bn3")
            if block == 0:
                x = slow_conv(halved(x), f"{name}downsample.0", f"{name}downsample.1")
            x = np.maximum(x + y, 0)
    return x


def slow_attention(feature_map, positions):
    """Features, and the attention of each head to [average, position, position, ...]."""

    def project(name, x):
        weight, bias = (STATE[f"attnpool.{name}_proj.{part}"] for part in ("weight", "bias"))
        return weight.astype(np.float64) @ x + bias

    tokens = feature_map.reshape(-1, WIDTH)
    tokens = np.concatenate([tokens.mean(0, keepdims=True), tokens]) + positions
    query = project("q", tokens[0])
    keys, values = (np.stack([project(name, token) for token in tokens]) for name in "kv")
    found, shares = [], []
    for start in range(0, WIDTH, 64):
        head = slice(start, start + 64)
        powers = np.exp(keys[:, head] @ query[head] / np.sqrt(64))
        shares.append(powers / powers.sum())
        found.append(shares[-1] @ values[:, head])
    return project("c", np.concatenate(found)), shares


def test_features_last_map_and_attention(clip):
    assert (clip.name, clip.image_size) == ("rn.pt", SIZE)
    assert clip.capabilities == {encoder.LAST_MAP, encoder.ATTENTION}
    outputs, attention = clip(tf.constant(IMAGES)), clip.attention(tf.constant(IMAGES))
    assert set(attention) == {"head_0", "head_1", "head_2", "head_3", "mean"}
    for index, image in enumerate(IMAGES):
        last_map = slow_map(image)
        np.testing.assert_allclose(outputs.last_map[index], last_map, rtol=1e-3, atol=1e-4)
        features, heads = slow_attention(last_map, STATE["attnpool.positional_embedding"])
        assert max(shares[0] for shares in heads) > 0.1
        np.testing.assert_allclose(outputs.features[index], features, rtol=1e-3, atol=1e-4)
        for number, shares in enumerate(heads):
            mask = attention[f"head_{number}"][index].numpy()
            # 32x32 pixels a position: the outer corners are beyond all centres.
            corners = mask[[0, 0, -1, -1], [0, -1, 0, -1]]
            np.testing.assert_allclose(
                corners / corners.sum(), shares[1:] / shares[1:].sum(), rtol=1e-3
            )
    for mask in attention.values():
        assert mask.shape == (2, SIZE, SIZE)
        np.testing.assert_allclose(tf.reduce_sum(mask, axis=[1, 2]), 1, rtol=1e-5)
    mean = sum(attention[f"head_{number}"] for number in range(4)) / 4
    np.testing.assert_allclose(attention["mean"], mean, rtol=1e-5)


def test_another_size(clip):
    """Of three rows between two, the middle one has the average of the positions."""
    image = np.random.default_rng(2).random((96, 75, 3), np.float32)
    first, *positions = STATE["attnpool.positional_embedding"].astype(np.float64)
    top, bottom = positions[:2], positions[2:]
    resized = [*top, *np.mean([top, bottom], axis=0), *bottom]
    last_map = slow_map(image)
    assert last_map.shape == (3, 2, WIDTH)
    features, _ = slow_attention(last_map, np.stack([first, *resized]))
    whole = tf.function(lambda images: (clip(images).features, clip.attention(images)["mean"]))
    spec = tf.TensorSpec([None, None, None, 3])
    found, mean = whole.get_concrete_function(spec)(tf.constant(image[None]))
    np.testing.assert_allclose(found[0], features, rtol=1e-3, atol=1e-4)
    assert mean.shape == (1, 96, 75)


def test_gradients_reach_images(clip):
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(clip(images).features)
    assert tf.reduce_all(tf.reduce_any(tape.gradient(total, images) != 0, axis=[1, 2, 3]))


def test_identity_is_of_the_tower(clip, tmp_path):
    alone = clip_encoder.load(write(tmp_path / "tower.safetensors", prefix=""), image_size=96)
    nested = clip_encoder.load(write(tmp_path / "nested.pt", prefix="state_dict.module.visual."))
    assert alone.identity == nested.identity == clip.identity
    assert alone.image_size == 96
    name = "attnpool.c_proj.bias"
    other = clip_encoder.load(write(tmp_path / "other.pt", **{name: STATE[name] + 1}))
    assert other.identity != clip.identity


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attnpool.q_proj.weight": None}, r"0 tensors called \.\.\.attnpool.q_proj.weight"),
        ({"conv2.weight": None}, r"conv2.weight must be of shape \[4, 4, 3, 3\], found nothing"),
        ({"bn1.bias": np.zeros(5, np.float32)}, r"bn1.bias must .* found float32\[5\]"),
        ({"bn1.bias": np.zeros(4, np.int64)}, r"bn1.bias must .* found int64\[4\]"),
        ({"layer2.0.bn9.weight": np.zeros(4, np.float32)}, "have no layer2.0.bn9.weight"),
        ({"layer4.0.conv1.weight": None}, "layer4.0.conv1.weight must be"),
        (
            {"attnpool.positional_embedding": np.zeros((7, WIDTH), np.float32)},
            "positional embedding is not that of a square",
        ),
    ],
)
def test_other_networks(changes, reason, tmp_path):
    with pytest.raises(
        ValueError, match=rf"clip.pt holds no modified ResNet of CLIP's: .*{reason}"
    ):
        clip_encoder.load(write(tmp_path / "clip.pt", **changes))


def test_files_that_cannot_be_read(tmp_path):
    script = tmp_path / "RN50.pt"
    with zipfile.ZipFile(script, "w") as archive:
        archive.writestr("RN50/data.pkl", b"\x80\x02c__torch__.multimodal.model\nCLIP\n)\x81.")
        archive.writestr("RN50/code/__torch__/multimodal/model.py", "")
    with pytest.raises(ValueError, match=r"RN50.pt is a TorchScript archive, .*torch.jit.load"):
        clip_encoder.load(str(script))
    with pytest.raises(ValueError, match=r"missing.pt cannot be read"):
        clip_encoder.load(str(tmp_path / "missing.pt"))
    nan = {"conv1.weight": np.full_like(STATE["conv1.weight"], np.nan)}
    with pytest.raises(ValueError, match=r"damaged: conv1.weight is not finite"):
        clip_encoder.load(write(tmp_path / "nan.pt", **nan))
    with pytest.raises(ValueError, match="image_size=31 must be at least 32"):
        clip_encoder.load(write(tmp_path / "clip.pt"), image_size=31)
