"""Tasks from CSV files: the right numbers, and errors that name file, line and column."""

import re

import numpy as np
import pytest

from evornn.tasks import Task


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def exactly(message):
    return f"^{re.escape(message)}$"


def rows(count=30):
    return "\n".join(f"2001-01-{i:02},{i},{i * i},x" for i in range(count))


def test_columns_are_read_by_name_whatever_stands_in_the_others(tmp_path):
    path = write(tmp_path, "day,a,b,note\n" + rows())
    task = Task.from_csv(path, "a", "b", 2, normalise=False)
    assert (task.name, task.label, task.inputs, task.outputs) == ("data", "b", 1, 1)
    np.testing.assert_array_equal(task.train.inputs[0][:, 0], np.arange(16))
    np.testing.assert_array_equal(task.train.targets[0][:, 0], np.arange(2, 18) ** 2)


def test_columns_are_read_by_position_without_a_header(tmp_path):
    path = write(tmp_path, rows())
    by_position = Task.from_csv(path, [1, 2], -2)
    named = Task.from_csv(write(tmp_path, "day,a,b,note\n" + rows(), "n.csv"), ["a", "b"], "b")
    np.testing.assert_array_equal(by_position.test.inputs[0], named.test.inputs[0])
    np.testing.assert_array_equal(by_position.test.targets[0], named.test.targets[0])
    assert (by_position.label, named.label) == ("column 2", "b")


def test_one_column_needs_no_name_and_blank_lines_do_not_count(tmp_path):
    path = write(
        tmp_path, b"\xef\xbb\xbfvalue\r\n" + b"".join(b"%d\r\n\r\n" % i for i in range(20))
    )
    task = Task.from_csv(path, normalise=False)
    np.testing.assert_array_equal(task.train.targets[0][:, 0], np.arange(1, 12))
    assert task.label == "value"


def test_the_same_numbers_as_from_numpy(tmp_path):
    values = np.random.default_rng(1).normal(size=(40, 2))
    path = tmp_path / "data.csv"
    np.savetxt(path, values, delimiter=";")
    read = Task.from_csv(path, [0, 1], horizon=3, delimiter=";", washout=2)
    given = Task.from_series(np.loadtxt(path, delimiter=";"), 3, washout=2)
    for name, part in given.parts.items():
        np.testing.assert_array_equal(read.parts[name].targets[0], part.targets[0])


def test_a_moved_file_keeps_its_fingerprint(tmp_path):
    text = "v\n" + "\n".join(str(i % 7) for i in range(30))
    (tmp_path / "sub").mkdir()
    here, there = write(tmp_path, text), write(tmp_path / "sub", text)
    changed = write(tmp_path, text.replace("3", "4"), "sub/changed.csv")
    assert Task.from_csv(here).fingerprint() == Task.from_csv(there).fingerprint()
    assert Task.from_csv(here).settings["arguments"]["path"] == str(here)
    assert Task.from_csv(changed, name="data").fingerprint() != Task.from_csv(here).fingerprint()


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a,b\n1,2\n3,x\n", "b", "{path}, line 3, column 'b' needs a finite number, got 'x'."),
        ("a,b\n1,2\n\n3,\n", "b", "{path}, line 4, column 'b' needs a finite number, got ''."),
        ("a\n1\nnan\n", "a", "{path}, line 3, column 'a' needs a finite number, got 'nan'."),
        ("1\n-inf\n", 0, "{path}, line 2, column 'column 0' needs a finite number, got '-inf'."),
        ("1,2\nn/a,3\n", 0, "{path}, line 2, column 'column 0' needs a finite number, got 'n/a'."),
        ("a\n1_000\n", "a", "{path}, line 2, column 'a' needs a finite number, got '1_000'."),
        ("a,b\n1,2\n3\n", "a", "{path}, line 3 needs 2 cells like line 1, got 1."),
        ("a,b\n1,2\n3,4,5\n", "a", "{path}, line 3 needs 2 cells like line 1, got 3."),
        ("", "a", "{path} needs at least 1 row of numbers, got an empty file."),
        ("a,b\n", "a", "{path} needs at least 1 row below its header, got none."),
        ("a,b\n1,2\n", "c", "{path} has no column 'c'; its columns are a, b."),
        ("a,a\n1,2\n", "a", "{path} has more than one column 'a'; its columns are a, a."),
        ("a,b\n1,2\n", 2, "{path} has 2 columns, counted from 0; got column 2."),
        (
            "1,2\n3,4\n",
            "a",
            "{path} has no header, so its columns need positions 0 to 1, got 'a'.",
        ),
        (
            "a,b\n1,2\n",
            None,
            "{path} has 2 columns, so `columns` needs the ones to read; they are a, b.",
        ),
        (b"a\n\xff\xfe\n", "a", "{path} needs to be UTF-8 text, got invalid start byte."),
        ('a\n"1"2\n', "a", "{path}, line 2 needs valid CSV: ',' expected after '\"'."),
    ],
)
def test_a_bad_file_is_named_with_line_and_column(tmp_path, text, columns, message):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=exactly(message.format(path=path))):
        Task.from_csv(path, columns)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    path = tmp_path / "none.csv"
    with pytest.raises(
        FileNotFoundError, match=exactly(f"{path} needs to be a CSV file, got no such file.")
    ):
        Task.from_csv(path)
    with pytest.raises(
        ValueError, match=exactly(f"{tmp_path} needs to be a CSV file, got a directory.")
    ):
        Task.from_csv(tmp_path)


def test_a_column_that_is_neither_name_nor_position_is_refused(tmp_path):
    path = write(tmp_path, "a\n1\n")
    with pytest.raises(TypeError, match=r"A column needs a name or a position, got 1\.5\."):
        Task.from_csv(path, [1.5])
