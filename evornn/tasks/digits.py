"""Handwritten digits as sequences: an image is read row by row and named at its end."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from evornn.tasks.build import whole
from evornn.tasks.draw import labelled_task
from evornn.tasks.made import made_by
from evornn.tasks.task import Task

MOST = 16.0  # the largest value of a pixel
CLASSES = 10


def digits(
    train: int = 1000, validation: int = 297, test: int = 500, columns: int = 8, seed: int = 0
) -> Task:
    """Tell at the end of a sequence which digit it showed; only the last step is scored.

    scikit-learn's 1797 images of 8 x 8 pixels, shuffled and dealt to the parts. An image is read
    from its upper left corner, row by row, `columns` pixels at each step: a row at a time unless
    told otherwise, a pixel at a time (64 steps) with 1. Pixels lie in [0, 1]; the class is ten
    one-hot targets; nothing is normalised. Logistic regression that sees all pixels at once is
    wrong on 2.8 % of the test images.

    Args:
        train: Images of the training part.
        validation: Images of the validation part, 0 for none.
        test: Images of the test part.
        columns: Pixels at a step: 1, 2, 4, 8, 16, 32 or 64.
        seed: Of the shuffle, at least 0.

    Raises:
        ImportError: If scikit-learn, which brings the images, is not installed.
        TypeError: A count that is no whole number.
        ValueError: A count below its least, more images than there are, or columns that do not
            divide 64.

    Source: Alpaydin & Kaynak 1998, Optical recognition of handwritten digits (UCI Machine Learning
    Repository); the images come with scikit-learn.
    """
    counts = {"train": train, "validation": validation, "test": test}
    counts = {k: whole(k, n, 0 if k == "validation" else 1) for k, n in counts.items()}
    columns = whole("columns", columns, 1)
    images, labels = _images()
    if images.shape[1] % columns:
        raise ValueError(
            f"`columns` needs to divide {images.shape[1]}, the pixels of an image, got {columns}."
        )
    wanted = sum(counts.values())
    if wanted > len(images):
        raise ValueError(
            f"`digits` needs at most {len(images)} images in `train`, `validation` and `test` "
            f"together, got {wanted}."
        )
    rng = np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0)))
    dealt = iter(rng.permutation(len(images)))
    parts = {
        part: [
            (images[k].reshape(-1, columns), np.eye(CLASSES)[labels[k]])
            for k in itertools.islice(dealt, count)
        ]
        for part, count in counts.items()
    }
    task = labelled_task(parts, name="digits", label="class")
    return made_by(task, "digits", **counts, columns=columns, seed=int(seed))


def _images() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All pixels, axes (image, pixel), each in [0, 1], and the digits, axes (image)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "the task `digits` needs scikit-learn, which brings the images and is not installed; "
            "pip install 'evornn[sklearn]'."
        ) from error
    images, labels = load_digits(return_X_y=True)
    return images / MOST, labels
