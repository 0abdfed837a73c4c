# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures are found in folders below, hidden ones and endless links aside."""

import os

from vito_tf.evaluation import picture_files


def test_pictures_are_found_in_folders_below(tmp_path):
    for name in ("b/two.PNG", "a/c/one.jpg", "three.webp", ".four.png", ".git/five.png", "six.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    os.symlink(tmp_path, tmp_path / "a" / "again")
    found = [os.path.relpath(path, tmp_path) for path in picture_files.below(str(tmp_path))]
    assert found == ["a/c/one.jpg", "b/two.PNG", "three.webp"]
    assert picture_files.below(str(tmp_path / "nowhere")) == []
