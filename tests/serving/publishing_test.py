# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""An export is whole or not there, and replaces nothing but an export."""

import pytest

from vito_tf.serving import publishing


def _publish(path, text="new", overwrite=False):
    with publishing.published(str(path), overwrite) as folder:
        with open(f"{folder}/README.md", "w", encoding="utf-8") as file:
            file.write(text)
        assert not [old for old in path.glob("README.md") if old.read_text() == text]


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_or_empty_folder_is_filled_at_the_end(tmp_path):
    _publish(tmp_path / "deep" / "new")
    (tmp_path / "empty").mkdir()
    _publish(tmp_path / "empty")
    assert (tmp_path / "empty" / "README.md").read_text() == "new"
    assert _names(tmp_path / "deep") == ["new"]
    assert _names(tmp_path) == ["deep", "empty"]


def test_an_export_is_replaced_only_on_demand(tmp_path):
    path = tmp_path / "export"
    _publish(path, "old")
    (path / "encoder.json").write_text("{}")
    with pytest.raises(publishing.PublishingError, match="is not empty; --overwrite replaces"):
        _publish(path)
    _publish(path, overwrite=True)
    assert _names(path) == ["README.md"]
    assert (path / "README.md").read_text() == "new"


def test_what_is_no_export_is_never_removed(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "thesis.tex").write_text("mine")
    with pytest.raises(publishing.PublishingError, match=r"holds thesis.tex, which is no part"):
        _publish(path, overwrite=True)
    with pytest.raises(publishing.PublishingError, match=r"thesis.tex is a file"):
        _publish(path / "thesis.tex", overwrite=True)
    with pytest.raises(publishing.PublishingError, match=r"--export_path=\S+ cannot be written"):
        _publish(path / "thesis.tex" / "export")
    assert (path / "thesis.tex").read_text() == "mine"


def _publish_and_raise(path, error):
    with publishing.published(str(path), overwrite=True) as folder:
        with open(f"{folder}/README.md", "w", encoding="utf-8") as file:
            file.write("half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "export"
    _publish(path, "old")
    with pytest.raises(error):
        _publish_and_raise(path, error)
    assert _names(tmp_path) == ["export"]
    assert (path / "README.md").read_text() == "old"
