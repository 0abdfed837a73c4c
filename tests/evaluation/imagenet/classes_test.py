# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Class lists against other people's, as numbers."""

import tensorflow_datasets as tfds

from vito_tf.evaluation.imagenet import classes

# imagenet-testbed, src/eval_settings/imagenet_a.py, `class_sublist`.
IMAGENET_A = """
6 11 13 15 17 22 23 27 30 37 39 42 47 50 57 70 71 76 79 89 90 94 96 97 99 105 107 108 110 113 124
125 130 132 143 144 150 151 207 234 235 254 277 283 287 291 295 298 301 306 307 308 309 310 311 313
314 315 317 319 323 324 326 327 330 334 335 336 347 361 363 372 378 386 397 400 401 402 404 407 411
416 417 420 425 428 430 437 438 445 456 457 461 462 470 472 483 486 488 492 496 514 516 528 530 539
542 543 549 552 557 561 562 569 572 573 575 579 589 606 607 609 614 626 627 640 641 642 643 658 668
677 682 684 687 701 704 719 736 746 749 752 758 763 765 768 773 774 776 779 780 786 792 797 802 803
804 813 815 820 823 831 833 835 839 845 847 850 859 862 870 879 880 888 890 897 900 907 913 924 932
933 934 937 943 945 947 951 954 956 957 959 971 972 980 981 984 986 987 988
"""

# The same project's imagenet-vid-robust_metadata/rev_class_idx_map.json, ranges with both ends.
VIDEO: dict[str, list] = {
    "airplane": [404],
    "antelope": [(351, 353)],
    "bear": [(294, 297)],
    "bicycle": [444, 671],
    "bird": [(7, 24), (80, 100), (127, 146)],
    "bus": [654, 779, 874],
    "car": [407, 436, 468, 511, 609, 627, 656, 661, 751, 817],
    "cattle": [345],
    "dog": [(151, 268)],
    "domestic cat": [(281, 285)],
    "elephant": [385, 386],
    "fox": [(277, 280)],
    "giant panda": [388],
    "hamster": [333],
    "horse": [339],
    "lion": [291],
    "lizard": [(38, 48)],
    "monkey": [(370, 382)],
    "motorcycle": [665],
    "rabbit": [330, 332],
    "red panda": [387],
    "sheep": [348],
    "snake": [(52, 68)],
    "squirrel": [335],
    "tiger": [292],
    "train": [466],
    "turtle": [(33, 37)],
    "watercraft": [403, 472, 484, 510, 554, 576, 625, 628, 724, 780, 814, 833, 871, 913, 914],
    "whale": [147, 148],
    "zebra": [340],
}


def test_labels_are_in_the_order_of_ilsvrc():
    with tfds.core.tfds_path("datasets/imagenet2012/labels.txt").open() as file:
        wnids = file.read().split()
    assert classes.label_of() == {wnid: label for label, wnid in enumerate(wnids)}
    assert (classes.name(207), classes.wnid(207)) == ("golden retriever", "n02099601")


def test_imagenet_a_has_the_published_200_classes():
    assert list(classes.imagenet_a_labels()) == [int(one) for one in IMAGENET_A.split()]


def test_video_classes_comprise_the_published_288():
    expected = {}
    labels = []
    for name, parts in VIDEO.items():
        ends = [part if isinstance(part, tuple) else (part, part) for part in parts]
        expected[name] = [label for first, last in ends for label in range(first, last + 1)]
        labels += expected[name]
    assert {one.name: list(one.labels) for one in classes.video_classes()} == expected
    assert [one.name for one in classes.video_classes()] == list(VIDEO)
    assert len(labels) == len(set(labels)) == 288
