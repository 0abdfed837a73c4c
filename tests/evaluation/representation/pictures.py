# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures and encoders for the tests of this folder."""

import numpy as np
from PIL import Image

from tests.evaluation import colours
from vito_tf.evaluation import benchmark, extraction

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def write_pictures(folder, colour, count, seed=0, noise=20):
    """Pictures of about one colour each."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.array(colour) + rng.integers(-noise, noise + 1, [20, 24, 3])
        pixels = pixels + rng.integers(-noise, noise + 1, 3)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number}.png")


def write_classes(root, train=10, val=4, noise=20):
    """A labelled folder of red, green and blue pictures."""
    for seed, (split, count) in enumerate((("train", train), ("val", val))):
        for number, (name, colour) in enumerate(COLOURS.items()):
            write_pictures(root / split / name, colour, count, 10 * seed + number, noise)
    return str(root)


def run(one, data, folder, **options):
    """The result of a benchmark for the encoder of mean colours."""
    context = benchmark.Context(str(folder), extraction.Extractor(str(folder / "cache")))
    return one.run(colours.colours(**options), str(data), context)


def report(one, result, folder):
    """The HTML of a result that was written and read again."""
    shown = one.show({"mean colours": benchmark.Finished(result, str(folder))})
    return "".join(part.html(str(folder)) for part in shown)
