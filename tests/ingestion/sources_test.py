# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the listing of videos with their titles and possible classes."""

from __future__ import annotations

import json
import os
import random

import pytest
import tensorflow as tf

from vito_tf.curation.query import TitleQuery
from vito_tf.ingestion.sources import list_sources
from vito_tf.video.video_rows import Source, printable

QUERY = TitleQuery()
RETRIEVER = QUERY.named("golden retriever")


def _touch(root, *names):
    for name in names:
        path = os.path.join(os.fspath(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w"):
            pass


def _csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding, "surrogateescape"))
    return str(path)


def _names(sources):
    return [source.name for source in sources.sources]


def _only(sources):
    (source,) = sources.sources
    return source


class TestFoldersAndGlobs:
    NAMES = ("b/2.MP4", "b/1.webm", "a/x y\n.mkv", "a/é.avi", "top.mov")

    def test_a_folder_is_searched_with_its_sub_folders(self, tmp_path):
        _touch(tmp_path, *self.NAMES, "a/notes.txt", "a/.hidden.mp4", ".cache/3.mp4", "mp4")
        found = list_sources(str(tmp_path))
        assert _names(found) == sorted(self.NAMES)
        assert found.class_names == ()
        assert found.sources[2] == Source(str(tmp_path / "b/1.webm"), "b/1.webm", title="1")

    def test_names_do_not_depend_on_how_the_folder_is_written(self, tmp_path, monkeypatch):
        _touch(tmp_path, "videos/a/1.mp4")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        expected = list_sources(str(tmp_path / "videos"))
        for text in ("videos", "videos/", "./videos", "videos/../videos", "~/videos"):
            assert list_sources(text) == expected

    def test_names_do_not_depend_on_which_videos_there_are(self, tmp_path):
        _touch(tmp_path, "a/b/1.mp4")
        assert _names(list_sources(str(tmp_path))) == ["a/b/1.mp4"]
        assert _names(list_sources(str(tmp_path / "*/b/*.mp4"))) == ["a/b/1.mp4"]

    @pytest.mark.parametrize(
        ("pattern", "names"),
        [
            ("*", sorted(NAMES)),
            ("*.mov", ["top.mov"]),
            ("b/*", ["1.webm", "2.MP4"]),
            ("**", sorted(NAMES)),
            ("[ab]/*.mkv", ["a/x y\n.mkv"]),
            ("**/*.m*", ["a/x y\n.mkv", "top.mov"]),
            ("top.mov", ["top.mov"]),
        ],
    )
    def test_globs(self, tmp_path, pattern, names):
        _touch(tmp_path, *self.NAMES, "a/notes.txt")
        assert _names(list_sources(str(tmp_path / pattern))) == names

    def test_a_folder_with_wildcards_in_its_name_is_found(self, tmp_path):
        _touch(tmp_path, "[x]*/1.mp4")
        assert _names(list_sources(str(tmp_path / "[x]*"))) == ["1.mp4"]

    def test_what_only_looks_like_a_video_is_listed_for_the_worker(self, tmp_path):
        _touch(tmp_path, "folder.mp4/inner.mp4")
        os.symlink("nowhere", tmp_path / "dangling.mp4")
        os.mkfifo(tmp_path / "pipe.mp4")
        names = ["dangling.mp4", "folder.mp4", "folder.mp4/inner.mp4", "pipe.mp4"]
        assert _names(list_sources(str(tmp_path))) == names
        assert _names(list_sources(str(tmp_path / "*"))) == names

    def test_links_in_a_circle_end(self, tmp_path):
        _touch(tmp_path, "videos/a/1.mp4", "elsewhere/2.mp4")
        os.symlink("..", tmp_path / "videos/a/up")
        os.symlink(tmp_path / "elsewhere", tmp_path / "videos/link")
        assert _names(list_sources(str(tmp_path / "videos"))) == ["a/1.mp4", "link/2.mp4"]

    def test_names_that_are_not_utf8_survive(self, tmp_path):
        name = os.fsdecode(b"caf\xe9 goldfish.mp4")
        _touch(tmp_path, name)
        source = _only(list_sources(str(tmp_path), query=QUERY))
        assert (source.name, source.labels) == (name, (1,))
        assert os.path.exists(source.path)
        assert printable(source.title) == "caf\N{REPLACEMENT CHARACTER} goldfish"

    def test_names_of_folders_are_classes(self, tmp_path):
        _touch(tmp_path, "b/1.mp4", "a/1.mp4", "a/2.mp4", "c/no.txt")
        found = list_sources(str(tmp_path), labels="folder")
        assert found.class_names == ("a", "b")
        assert [source.labels for source in found.sources] == [(0,), (0,), (1,)]

    def test_remote_folders_and_globs(self):
        root = "ram://sources_test/videos"
        for name in ("a/1.mp4", "a/1.txt", "b/2.mp4"):
            tf.io.gfile.makedirs(f"{root}/{name[0]}")
            with tf.io.gfile.GFile(f"{root}/{name}", "w") as file:
                file.write("x")
        with tf.io.gfile.GFile(f"{root}/b/2.info.json", "w") as file:
            file.write('{"title": "Goldfish"}')
        found = list_sources(root, labels="folder")
        assert found.class_names == ("a", "b")
        assert found.sources == (
            Source(f"{root}/a/1.mp4", "a/1.mp4", "1", (0,)),
            Source(f"{root}/b/2.mp4", "b/2.mp4", "Goldfish", (1,)),
        )
        assert _names(list_sources(f"{root}/*/*.mp4")) == ["a/1.mp4", "b/2.mp4"]
        with pytest.raises(ValueError, match="Name the folder"):
            list_sources(f"{root}/**")

    @pytest.mark.parametrize("pattern", ["", "none", "none/*.mp4", "notes.txt"])
    def test_no_video_is_an_error(self, tmp_path, pattern):
        _touch(tmp_path, "notes.txt")
        with pytest.raises(ValueError, match="--videos="):
            list_sources(str(tmp_path / pattern))


class TestCsv:
    def test_columns_in_any_order_and_texts_of_any_kind(self, tmp_path):
        text = (
            "\ufeffExtra,Title ,VIDEO\r\n"
            '1,"A ""quoted"", title\nin two lines",dir/one.mp4\r\n'
            f'2,Über 金魚,"two,\n.mp4"\r\n\r\n'
            f"3,,{tmp_path}/three.mp4\r\n"
            "4,remote,gs://bucket/four.mp4,more,cells\r\n"
        )
        found = list_sources(_csv(tmp_path, text))
        assert found.sources == (
            Source(f"{tmp_path}/three.mp4", f"{tmp_path}/three.mp4"),
            Source(f"{tmp_path}/dir/one.mp4", "dir/one.mp4", 'A "quoted", title\nin two lines'),
            Source("gs://bucket/four.mp4", "gs://bucket/four.mp4", "remote"),
            Source(f"{tmp_path}/two,\n.mp4", "two,\n.mp4", "Über 金魚"),
        )

    def test_names_survive_whatever_they_are(self, tmp_path):
        names = ["../../etc/passwd", "a/../b.mp4", "caf\udce9.mp4", "x\ty.mp4", "~/z.mp4", "-.mp4"]
        found = list_sources(_csv(tmp_path, "video\n" + "\n".join(names)))
        assert _names(found) == sorted(names)
        paths = {source.name: source.path for source in found.sources}
        assert paths["caf\udce9.mp4"] == f"{tmp_path}/caf\udce9.mp4"
        assert paths["a/../b.mp4"] == f"{tmp_path}/b.mp4"

    def test_parent_folders_are_those_of_links(self, tmp_path):
        _touch(tmp_path, "far/away/1.mp4", "far/2.mp4", "2.mp4")
        os.symlink(tmp_path / "far/away", tmp_path / "link")
        found = list_sources(_csv(tmp_path, "video\n2.mp4\nlink/../2.mp4"))
        assert [source.path for source in found.sources] == [
            f"{tmp_path}/2.mp4",
            f"{tmp_path}/far/2.mp4",
        ]

    def test_a_line_without_a_video_is_dropped(self, tmp_path):
        found = list_sources(_csv(tmp_path, "title,video\nx,\nx\ny, a.mp4 \n"))
        assert [(source.name, source.dropped) for source in found.sources] == [
            ("(line 2)", "no_path"),
            ("(line 3)", "no_path"),
            ("a.mp4", ""),
        ]
        assert found.sources[0].detail == "line 2 names no video"

    def test_a_file_listed_again_is_dropped(self, tmp_path):
        found = list_sources(_csv(tmp_path, "video\nb.mp4\na.mp4\nb.mp4\n./b.mp4\nx/../b.mp4\n"))
        assert [(source.name, source.dropped) for source in found.sources] == [
            ("./b.mp4", "listed_before"),
            ("a.mp4", ""),
            ("b.mp4", ""),
            ("b.mp4 (line 4)", "listed_before"),
            ("x/../b.mp4", "listed_before"),
        ]
        assert found.sources[3].detail == "the same file as 'b.mp4'"

    def test_a_column_of_classes(self, tmp_path):
        path = _csv(tmp_path, "video,label\n1.mp4,zebra\n2.mp4,\n3.mp4,ant\n4.mp4,zebra\n1.mp4,x")
        found = list_sources(path, labels="csv")
        assert found.class_names == ("ant", "zebra")
        assert [source.labels for source in found.sources] == [(1,), (), (), (0,), (1,)]
        assert {source.labels for source in list_sources(path).sources} == {()}

    def test_nul_and_bytes_that_are_not_utf8(self, tmp_path):
        found = list_sources(_csv(tmp_path, "video,title\na.mp4,x\0y\nb.mp4,gold\udcfffish\n"))
        assert [source.title for source in found.sources] == ["x\ufffdy", "gold\ufffdfish"]

    def test_a_remote_file(self):
        with tf.io.gfile.GFile("ram://sources_test/list.csv", "w") as file:
            file.write("video,title\na.mp4,A\n/local/b.mp4,B\n")
        found = list_sources("ram://sources_test/list.csv")
        assert [source.path for source in found.sources] == [
            "/local/b.mp4",
            "ram://sources_test/a.mp4",
        ]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no column 'video'"),
            ("file,title\na.mp4,x\n", "no column 'video'"),
            ("video,title\n", "lists no video"),
            ('video\n"' + "x" * 200_000, "line 2, cannot be read"),
        ],
    )
    def test_what_cannot_be_used_is_an_error(self, tmp_path, text, message):
        with pytest.raises(ValueError, match=rf"--videos={tmp_path}/list.csv.*{message}"):
            list_sources(_csv(tmp_path, text))

    def test_arguments_are_checked(self, tmp_path):
        path = _csv(tmp_path, "video\na.mp4")
        with pytest.raises(ValueError, match="no column 'label'"):
            list_sources(path, labels="csv")
        with pytest.raises(ValueError, match=r"needs --videos to be a CSV file"):
            list_sources(str(tmp_path), labels="csv")
        with pytest.raises(ValueError, match="got 'Folder'"):
            list_sources(path, labels="Folder")
        with pytest.raises(ValueError, match=r"none\.csv cannot be read"):
            list_sources(str(tmp_path / "none.csv"))
        with pytest.raises(ValueError, match=r"none\.csv cannot be read"):
            list_sources("ram://sources_test/none.csv")

    def test_it_does_not_depend_on_the_order_of_lines(self, tmp_path):
        lines = [f"{index}.mp4,{'goldfish' if index % 3 else 'nothing'}" for index in range(50)]
        expected = list_sources(_csv(tmp_path, "video,title\n" + "\n".join(lines)), query=QUERY)
        random.Random(0).shuffle(lines)
        found = list_sources(_csv(tmp_path, "video,title\n" + "\n".join(lines)), query=QUERY)
        assert found == expected


class TestQuery:
    def test_titles_choose(self, tmp_path):
        path = _csv(tmp_path, "video,title\n1.mp4,Goldfish & Tench\n2.mp4,News\n3.mp4,CRANES\n")
        found = list_sources(path, query=QUERY)
        assert found.class_names == tuple(category.name for category in QUERY.categories)
        assert [source.labels for source in found.sources] == [(0, 1), (), QUERY.named("crane")]
        assert [source.dropped for source in found.sources] == ["", "no_category", ""]
        assert found.sources[1].detail == "its title 'News' names no category"

    def test_a_label_names_the_category_in_place_of_the_title(self, tmp_path):
        rows = "1.mp4,n01440764,goldfish\n2.mp4,Golden_Retriever,x\n3.mp4,fish,tench\n4.mp4,,tench"
        path = _csv(tmp_path, "video,label,title\n" + rows)
        found = list_sources(path, labels="csv", query=QUERY)
        assert [source.labels for source in found.sources] == [(0,), RETRIEVER, (), (0,)]
        assert found.sources[2].detail == "its label 'fish' names no category"

    def test_a_file_listed_for_several_categories_may_be_in_each(self, tmp_path):
        rows = "1.mp4,none\n1.mp4,goldfish\n1.mp4,tench\n2.mp4,none\n2.mp4,nothing"
        found = list_sources(_csv(tmp_path, "video,title\n" + rows), query=QUERY)
        assert [(source.labels, source.dropped) for source in found.sources] == [
            ((0, 1), ""),
            ((1,), "listed_before"),
            ((0,), "listed_before"),
            ((), "no_category"),
            ((), "listed_before"),
        ]

    def test_no_match_at_all_is_an_error(self, tmp_path):
        with pytest.raises(ValueError, match=r"none of 1 videos names a category"):
            list_sources(_csv(tmp_path, "video,title\n1.mp4,x"), query=QUERY)


class TestSideCars:
    @pytest.mark.parametrize("suffix", [".info.json", ".json"])
    def test_the_title_is_the_downloaders(self, tmp_path, suffix):
        _touch(tmp_path, "a.b.mp4")
        info = {"id": 12**400, "formats": [{"x": 0.5}], "title": "Chat — \ud83d\udc31 \ud800"}
        (tmp_path / f"a.b{suffix}").write_text(json.dumps(info), encoding="utf-8")
        source = _only(list_sources(str(tmp_path)))
        assert source == Source(
            f"{tmp_path}/a.b.mp4", "a.b.mp4", "Chat — 🐱 \N{REPLACEMENT CHARACTER}"
        )

    def test_a_csv_files_title_comes_first(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / f"{name}.json").write_text('{"title": "from JSON"}')
        found = list_sources(_csv(tmp_path, "video,title\na.mp4,from CSV\nb.mp4,\nc.mp4,\n"))
        assert [source.title for source in found.sources] == ["from CSV", "from JSON", ""]

    def test_a_title_behind_a_lot_else_is_found(self, tmp_path):
        _touch(tmp_path, "a.mp4")
        info = {"formats": ["é" * 1000] * 300, "title": "Goldfish", "more": "x" * 1000}
        (tmp_path / "a.info.json").write_text(json.dumps(info, ensure_ascii=False))
        assert _only(list_sources(str(tmp_path), query=QUERY)).labels == (1,)

    def test_long_titles_are_cut(self, tmp_path):
        _touch(tmp_path, "a.mp4")
        (tmp_path / "a.json").write_text(json.dumps({"title": "x" * 50_000}))
        assert _only(list_sources(str(tmp_path))).title == "x" * 1000

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            pytest.param(b"", "no valid JSON object", id="empty"),
            pytest.param(b"[1, 2]", "no valid JSON object", id="list"),
            pytest.param(b'"title"', "no valid JSON object", id="text"),
            pytest.param(b"{", "no valid JSON object", id="open"),
            pytest.param(b'{"title"', "no valid JSON object", id="cut"),
            pytest.param(b'{"title" "x"}', "no valid JSON object", id="no colon"),
            pytest.param(b'{"a": 1 "title": "x"}', "no valid JSON object", id="no comma"),
            pytest.param(b'{"a": ' + b"[" * 100_000, "no valid JSON object", id="deep"),
            pytest.param(b'{"a": ' + b"9" * 5_000_000, "no valid JSON object", id="long number"),
            pytest.param(b"\xff\xfe{\0", "no valid JSON object", id="UTF-16"),
            pytest.param(b'{"a": 1}', "it has no title", id="no title"),
            pytest.param(b'{"title": null}', "its title is no text", id="null"),
            pytest.param(b'{"title": ["x"]}', "its title is no text", id="list as title"),
            pytest.param(b" " * (2**24 + 1), "larger than 16 MiB", id="huge"),
        ],
    )
    def test_hostile_ones_are_ignored(self, tmp_path, data, reason):
        _touch(tmp_path, "tench.mp4")
        (tmp_path / "tench.info.json").write_bytes(data)
        source = _only(list_sources(str(tmp_path), query=QUERY))
        assert (source.title, source.labels) == ("tench", (0,))
        assert source.detail == f"tench.info.json is ignored ({reason})"

    def test_what_is_no_file_is_ignored(self, tmp_path):
        _touch(tmp_path, "a.mp4")
        os.mkfifo(tmp_path / "a.info.json")
        os.mkdir(tmp_path / "a.json")
        source = _only(list_sources(str(tmp_path)))
        assert source.detail == (
            "a.info.json is ignored (no regular file); a.json is ignored (no regular file)"
        )
        os.remove(tmp_path / "a.info.json")
        os.symlink("/dev/zero", tmp_path / "a.info.json")
        assert "a.info.json is ignored (no reg" in _only(list_sources(str(tmp_path))).detail
        os.remove(tmp_path / "a.info.json")
        os.symlink("nowhere", tmp_path / "a.info.json")
        assert "a.info.json is ignored (No such" in _only(list_sources(str(tmp_path))).detail
