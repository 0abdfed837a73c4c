# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""By hand."""

import numpy as np
import pytest

from vito_tf.transfer.detection import locations


def test_an_image_of_a3_has_17064():
    made = locations.make((800, 1024), 3, 7)
    assert made.counts == (100 * 128, 50 * 64, 25 * 32, 13 * 16, 7 * 8)
    assert made.centres.shape == (17064, 2)
    strides = np.repeat([8, 16, 32, 64, 128], made.counts)
    np.testing.assert_array_equal(made.strides, strides)


def test_are_centres_of_cells_row_by_row():
    made = locations.make((5, 10), 2, 4)
    level2 = [[y, x] for y in (2, 6) for x in (2, 6, 10)]
    np.testing.assert_array_equal(made.centres, [*level2, [4, 4], [4, 12], [8, 8]])
    np.testing.assert_array_equal(made.strides, [4] * 6 + [8] * 2 + [16])
    assert made.counts == (6, 2, 1)


@pytest.mark.parametrize(
    ("size", "levels", "named"), [((0, 9), (3, 5), "input_size"), ((9, 9), (5, 3), "min_level 5")]
)
def test_nothing_is_refused(size, levels, named):
    with pytest.raises(ValueError, match=named):
        locations.make(size, *levels)
