"""Networks: sizes, running, files, and what their users hear."""

import json
import pathlib
import re

import numpy as np
import pytest
from oracle import assert_close, interpreted
from safetensors.numpy import save_file

from evornn.cells import elman, gru, leaky, stack
from evornn.flow import cell, matrix, state
from evornn.flow.language import tanh
from evornn.network import Network


@pytest.fixture
def network(rng):
    made = Network(elman, inputs=2, outputs=2, hidden=5)
    return made.with_chromosome(made.initial(rng, 1)[0])


def test_one_sequence_gives_one_answer_and_a_list_a_list(network, rng):
    x = rng.standard_normal((6, 2))
    alone = network.predict(x)
    (listed,) = network.predict([x])
    stacked = network.predict(np.stack([x, x]))
    assert alone.shape == (6, 2)
    assert alone.dtype == np.float32
    for other in (listed, *stacked):
        np.testing.assert_array_equal(other, alone)
    assert isinstance(network.states(x), dict)
    assert isinstance(network.states([x]), list)


def test_a_series_of_one_input_may_be_flat(rng):
    made = Network(elman, inputs=1, outputs=1, hidden=2)
    made = made.with_chromosome(made.initial(rng, 1)[0])
    x = rng.standard_normal(7)
    np.testing.assert_array_equal(made.predict(x), made.predict(x[:, None]))
    np.testing.assert_array_equal(made.predict([x, x[:3]])[1], made.predict(x)[:3])


def test_a_sequence_answers_the_same_in_any_lane_beside_any_others(network, rng):
    x = [rng.standard_normal((int(n), 2)) for n in rng.integers(1, 12, 41)]
    together = network.predict(x)
    for k in (0, 7, 40):
        np.testing.assert_array_equal(together[k], network.predict(x[k]))
    for a, b in zip(network.predict(x[::-1]), together[::-1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_sequence_begins_with_a_clean_state(network, rng):
    x = rng.standard_normal((6, 2))
    np.testing.assert_array_equal(network.predict(x), network.predict(x))


def test_a_forecast_feeds_outputs_back(network, rng):
    x = rng.standard_normal((4, 2))
    forecast = network.forecast(x, 6)
    padded = np.concatenate([x, np.zeros((5, 2))])
    wanted, _ = interpreted(network, network.chromosome, padded, forced=4)
    assert forecast.shape == (6, 2)
    assert_close(forecast, wanted[3:], "float32")
    np.testing.assert_array_equal(forecast[0], network.predict(x)[-1])
    several = network.forecast([x, x[:2]], 3)
    np.testing.assert_array_equal(several[0], forecast[:3])
    np.testing.assert_array_equal(several[1], network.forecast(x[:2], 3))


def test_inputs_that_are_no_outputs_keep_their_last_value_in_a_forecast(rng):
    made = Network(elman, inputs=3, outputs=1, hidden=4, dtype="float64")
    made = made.with_chromosome(made.initial(rng, 1)[0])
    x = rng.standard_normal((5, 3))
    padded = np.concatenate([x, np.repeat(x[-1:], 3, axis=0)])
    wanted, _ = interpreted(made, made.chromosome, padded, forced=5)
    assert_close(made.forecast(x, 4), wanted[4:], "float64")


def test_a_network_learns_its_inputs_and_outputs_from_a_task():
    unbound = Network(elman, hidden=4)
    with pytest.raises(ValueError, match="needs to know its inputs and outputs; pass inputs"):
        _ = unbound.genes
    bound = unbound.bound(3, 2)
    assert (bound.inputs, bound.outputs, bound.genes) == (3, 2, 4 * 8 + 2 * 5)
    assert bound.bound(3, 2).genes == bound.genes
    with pytest.raises(ValueError, match="the task has 4 inputs, the network was given 3"):
        bound.bound(4, 2)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "the network elman needs a size for hidden; pass hidden=..."),
        ({"hidden": 0}, "hidden needs to be a whole number of at least 1, got 0"),
        ({"hidden": -3}, "hidden needs to be a whole number of at least 1, got -3"),
        ({"hidden": True}, "hidden needs to be a whole number of at least 1, got True"),
        ({"hidden": 2.0}, "hidden needs to be a whole number of at least 1, got 2.0"),
        ({"hidden": "4"}, "hidden needs to be a whole number of at least 1, got '4'"),
        ({"hidden": None}, "hidden needs a size, got None"),
        ({"hidden": (4, 4)}, "hidden needs 1 sizes, one a layer (hidden), got 2"),
        ({"units": 4}, "the network elman has the axes hidden, got a size for 'units'"),
        ({"hidden": 4, "inputs": 0}, "inputs needs to be a whole number of at least 1, got 0"),
        (
            {"hidden": 4, "outputs": 1.5},
            "outputs needs to be a whole number of at least 1, got 1.5",
        ),
        (
            {"hidden": 4, "inputs": True},
            "inputs needs to be a whole number of at least 1, got True",
        ),
        ({"hidden": 4, "dtype": "float16"}, "dtype needs float32 or float64, got 'float16'"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Network(elman, **sizes)


def test_a_stack_needs_a_size_for_every_layer():
    deep = stack(elman, elman)
    with pytest.raises(ValueError, match=re.escape("hidden needs 2 sizes, one a layer (hidden1, ")):
        Network(deep, hidden=(3, 3, 3))
    with pytest.raises(ValueError, match=r"needs a size for hidden2; pass hidden=..."):
        Network(deep, hidden1=3)
    assert Network(deep, inputs=1, outputs=1, hidden1=3, hidden2=4).sizes["hidden2"] == 4


def test_a_network_needs_a_cell():
    with pytest.raises(TypeError, match=r"Network needs a cell, .* got str"):
        Network("elman", hidden=3)


def test_an_input_of_a_literal_size_is_that_size():
    @cell
    def three(x=state(3), h=state("hidden"), *, W=matrix("hidden", 3)):
        return tanh(W @ x + h)

    with pytest.raises(ValueError, match="need to be 3, the size of its input axis '3', got 5"):
        _ = Network(three, inputs=5, outputs=1, hidden=2).sizes
    assert Network(three, inputs=3, outputs=1, hidden=2).genes == 2 * 3 + 3


def test_wrong_chromosomes_are_described(network):
    needed = (
        "needs chromosomes of 52 genes, got shape (4, 9). The network elman with 2 inputs and 2 "
        "outputs has W (5, 2), U (5, 5), b (5), V (2, 5), c (2)."
    )
    with pytest.raises(ValueError, match=re.escape(f"`Network.unpack` {needed}")):
        network.unpack(np.zeros((4, 9)))
    with pytest.raises(ValueError, match=re.escape(f"`Network.with_chromosome` {needed}")):
        network.with_chromosome(np.zeros((4, 9)))
    with pytest.raises(ValueError, match="this network has no weights yet; evolve it, load it"):
        Network(elman, inputs=1, outputs=1, hidden=1).predict(np.zeros((2, 1)))


def test_wrong_series_are_described(network):
    for wrong in (np.zeros((3, 5)), np.zeros((0, 2)), np.zeros(4)):
        message = f"axes (time, 2), got shape {wrong.shape} for sequence 0"
        with pytest.raises(ValueError, match=re.escape(message)):
            network.predict(wrong)
    with pytest.raises(ValueError, match="for sequence 1"):
        network.predict([np.zeros((3, 2)), np.zeros((3, 3))])
    with pytest.raises(ValueError, match="needs at least one sequence, got none"):
        network.predict([])
    with pytest.raises(ValueError, match="forecast needs at least 1 step, got 0"):
        network.forecast(np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="at least as many inputs, got 1 inputs and 2 outputs"):
        Network(elman, inputs=1, outputs=2, hidden=1).forecast(np.zeros((3, 1)), 2)


def test_a_matrix_that_is_computed_has_no_kernel():
    from evornn.flow.language import outer

    @cell
    def fast_weights(x, h, *, W=matrix("hidden", "input")):
        return tanh(outer(h, h) @ (W @ x))

    made = Network(fast_weights, inputs=1, outputs=1, hidden=2)
    with pytest.raises(ValueError, match=r"a kernel of cell fast_weights needs its matrices to be"):
        made.kernel()


# --- files ------------------------------------------------------------------------------------


def test_masks_and_fixed_values_are_saved_with_the_network(rng, tmp_path):
    mask = rng.integers(0, 2, (4, 4))
    mask[0, 1] = 1
    special = leaky.with_mask(U=mask).with_fixed(leak=0.1, b=[0.1, 0.0, -0.7, 1 / 3])
    made = Network(special, inputs=2, outputs=1, hidden=4, readout="tanh")
    made = made.with_chromosome(made.initial(rng, 1)[0])
    made.save(tmp_path / "network.safetensors", scale=[0.5, 2.0])
    loaded = Network.load(tmp_path / "network.safetensors")
    np.testing.assert_array_equal(loaded.chromosome, made.chromosome)
    assert loaded.map.names == made.map.names
    assert loaded.map.constants.tolist() == made.map.constants.tolist()
    x = rng.standard_normal((5, 2))
    np.testing.assert_array_equal(loaded.predict(x), made.predict(x))


def test_a_saved_stack_keeps_its_layers_and_dtype(rng, tmp_path):
    made = Network(
        stack(gru, elman, skip="both"), inputs=2, outputs=1, hidden=(3, 2), dtype="float64"
    )
    made = made.with_chromosome(made.initial(rng, 1)[0])
    made.save(tmp_path / "network.safetensors")
    loaded = Network.load(tmp_path / "network.safetensors")
    assert repr(loaded) == repr(made)
    assert loaded.dtype == "float64"
    np.testing.assert_array_equal(loaded.chromosome, made.chromosome)


def test_saving_replaces_the_file_and_leaves_nothing_else(network, tmp_path):
    path = tmp_path / "network.safetensors"
    network.save(path)
    first = path.read_bytes()
    network.save(path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == ["network.safetensors"]


def test_files_that_are_no_networks_are_refused(network, tmp_path):
    path = tmp_path / "network.safetensors"
    network.save(path)
    whole = path.read_bytes()
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is no saved network"):
            Network.load(path)
    save_file({"weight": np.ones(3)}, path)
    with pytest.raises(ValueError, match="needs to be a network saved by evornn"):
        Network.load(path)
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "nowhere.safetensors")


def rewritten(path, change):
    """Load and save a network's file with its header changed."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["evornn"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(header, weights)
    save_file(weights, path, metadata={"evornn": json.dumps(header)})


CHANGES = {
    "a newer format": (lambda h, w: h.update(format=99), "needs a newer evornn: it has format 99"),
    "no graph": (lambda h, w: h["network"].pop("graph"), "the network in .* is damaged: 'graph'"),
    "no sizes": (lambda h, w: h["network"].pop("sizes"), "is damaged: 'sizes' is wrong"),
    "another size": (lambda h, w: h["network"]["sizes"].update(hidden=6), "needs shape"),
    "a missing weight": (lambda h, w: w.pop("U"), "pack needs the weights W, U, b, V, c"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_file_is_refused(case, network, tmp_path):
    change, message = CHANGES[case]
    network.save(tmp_path / "network.safetensors")
    rewritten(tmp_path / "network.safetensors", change)
    with pytest.raises(ValueError, match=message):
        Network.load(tmp_path / "network.safetensors")


def test_a_file_cannot_smuggle_code_into_a_kernel(network, tmp_path, rng):
    path, trace = tmp_path / "network.safetensors", tmp_path / "trace"
    code = f'"""\nimport pathlib\npathlib.Path({str(trace)!r}).touch()\n"""'
    network.save(path)
    rewritten(path, lambda header, weights: header["network"]["graph"].update(name=code))
    Network.load(path).predict(rng.standard_normal((2, 2)))
    assert not pathlib.Path(trace).exists()
