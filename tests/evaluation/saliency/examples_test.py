# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Examples: the same choice in any order, and what is saved is what was given."""

import numpy as np

from vito_tf.evaluation.saliency import examples


def _example(name, level=0.5):
    ramp = np.linspace(0, 3, 64).reshape(8, 8)
    return examples.Example(
        name, np.full([8, 8, 3], level, np.float32), {"human": ramp}, {"human": "a ramp"}
    )


def _names(order, seed, folder):
    chosen = examples.Examples(3, seed)
    for name in order:
        chosen.offer(_example(name))
    return [one["name"] for one in chosen.save(str(folder))]


def test_the_choice_depends_on_names_and_seed_alone(tmp_path):
    names = [f"picture {number}" for number in range(30)]
    first = _names(names, 0, tmp_path)
    assert len(first) == 3
    assert first == _names(names[::-1], 0, tmp_path)
    assert first != _names(names, 1, tmp_path)
    assert first[1:] == _names([name for name in names if name != first[0]], 0, tmp_path)[:2]


def test_what_is_saved_can_be_loaded(tmp_path):
    chosen = examples.Examples(3, 0)
    chosen.offer(_example("../one", level=0.25))
    (saved,) = chosen.save(str(tmp_path))
    assert saved["captions"] == {"human": "a ramp"}
    np.testing.assert_allclose(examples.load(str(tmp_path), saved["image"]), 0.25, atol=0.02)
    loaded = examples.load(str(tmp_path), saved["maps"]["human"])
    np.testing.assert_allclose(loaded, np.linspace(0, 1, 64).reshape(8, 8), atol=0.02)
    written = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert written == ["0.jpg", "0_0.png"]


def test_a_single_pixel_does_not_darken_the_others():
    values = np.linspace(0, 1, 400).reshape(20, 20)
    values[0, 0] = 1000
    assert np.median(examples.stretched(values)) > 100
    spot = np.zeros([20, 20])
    spot[3, 4] = 1e-9
    assert np.argwhere(examples.stretched(spot) == 255).tolist() == [[3, 4]]
    assert not examples.stretched(np.full([4, 4], 7.0)).any()
