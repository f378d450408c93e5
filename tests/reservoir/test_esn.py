"""Echo state networks: learning and answering, each against the same done by hand."""

import numpy as np
import pytest

from evornn import cells
from evornn.flow.trace import Cell
from evornn.readout import RLS, Logistic, Ridge
from evornn.reservoir import ESN, CellReservoir, Layer, LayerPlan, training

SERIES = (np.sin(np.arange(700) * 0.2) + 0.5 * np.sin(np.arange(700) * 0.311))[:, None]


@pytest.fixture
def data(rng):
    u = rng.uniform(-1, 1, (300, 2))
    return u, np.roll(u, 2, axis=0)[:, :1] + 0.3


def by_hand(states, u, y, washout, ridge=1e-6):
    """Outputs of a ridge regression with intercept, solved as one least-squares problem."""
    x = np.concatenate([states, u], axis=1)[washout:]
    mean_x, mean_y = x.mean(axis=0), y[washout:].mean(axis=0)
    top, right = x - mean_x, y[washout:] - mean_y
    padded = np.vstack([top, np.sqrt(ridge) * np.eye(x.shape[1])])
    weights = np.linalg.lstsq(padded, np.vstack([right, np.zeros((x.shape[1], 1))]), rcond=None)[0]
    return (np.concatenate([states, u], axis=1) - mean_x) @ weights + mean_y


# --- series ---------------------------------------------------------------------------------


def test_an_esn_is_a_reservoir_and_a_ridge_regression(data):
    u, y = data
    esn = ESN(40, washout=20, input_scaling=0.1, bias_scaling=0.2, seed=3).fit(u, y)
    answer = esn.predict(u)
    np.testing.assert_allclose(answer, by_hand(esn.states(u), u, y, 20), rtol=0, atol=1e-5)
    assert np.mean((answer - y)[20:] ** 2) < 1e-2 * np.var(y)


def test_every_sequence_begins_from_a_clean_state(data):
    u, y = data
    esn = ESN(40, washout=5).fit([u[:100], u[100:130]], [y[:100], y[100:130]])
    one, other = esn.predict([u[:100], u[100:130]])
    np.testing.assert_array_equal(one, esn.predict(u[:100]))
    np.testing.assert_array_equal(other, esn.predict(u[100:130]))
    x = np.concatenate([np.hstack([esn.states(p), p])[5:] for p in (u[:100], u[100:130])])
    ridge = Ridge().fit(x, np.concatenate([y[5:100], y[105:130]]))
    np.testing.assert_allclose(esn.readout.weights, ridge.weights, rtol=1e-9)


def test_a_three_dimensional_array_is_several_sequences(data):
    u, y = data[0].reshape(6, 50, 2), data[1].reshape(6, 50, 1)
    esn, listed = ESN(30, washout=5).fit(u, y), ESN(30, washout=5).fit(list(u), list(y))
    np.testing.assert_array_equal(esn.predict(u), listed.predict(list(u)))


class Frame:
    """A table with the one method that pandas and polars have for this."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values


def test_data_frames_and_plain_lists_are_series(data):
    u, y = data
    array = ESN(20, washout=5).fit(u, y).predict(u)
    frame = ESN(20, washout=5).fit(Frame(u), Frame(y)).predict(Frame(u))
    np.testing.assert_array_equal(frame, array)
    numbers = ESN(20, washout=5).fit(u[:, 0].tolist(), y[:, 0].tolist())
    np.testing.assert_array_equal(
        numbers.predict(u[:, 0]), ESN(20, washout=5).fit(u[:, :1], y).predict(u[:, :1])
    )


def test_the_seed_decides_everything(data):
    one, same, other = (ESN(30, seed=s, noise=1e-3).fit(*data).predict(data[0]) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_a_reservoir_is_drawn_anew_only_for_other_inputs_or_feedback(data):
    u, y = data
    esn = ESN(10, feedback=True).fit(u, y)
    front = esn.front
    assert esn.fit(u[::-1], y).front is front
    assert esn.fit(u, np.hstack([y, y])).front.stack.layers[0].W_fb.shape == (10, 2)
    assert esn.fit(u[:, :1], y).front.stack.layers[0].W_in.shape == (10, 1)


def test_noise_acts_while_training_only(data):
    quiet, noisy = ESN(30, seed=1).fit(*data), ESN(30, seed=1, noise=0.1).fit(*data)
    np.testing.assert_array_equal(quiet.states(data[0]), noisy.states(data[0]))
    assert np.linalg.norm(noisy.readout.weights) < np.linalg.norm(quiet.readout.weights)


def test_a_long_series_is_summed_up_piece_by_piece(data, monkeypatch):
    u, y = data
    whole = ESN(30, feedback=True, washout=7).fit(u, y)
    monkeypatch.setattr(training, "WHOLE_BYTES", 0)
    monkeypatch.setattr(training, "PIECE_BYTES", 33 * 8 * 4)  # four steps
    pieces = ESN(30, feedback=True, washout=7).fit(u, y)
    np.testing.assert_allclose(pieces.readout.weights, whole.readout.weights, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(pieces.start.memories[0].x, whole.start.memories[0].x, atol=1e-14)


def test_a_long_series_is_learned_online_piece_by_piece(data, monkeypatch):
    u, y = data
    whole = ESN(30, readout=RLS(1e-3), washout=7).fit(u, y)
    monkeypatch.setattr(training, "WHOLE_BYTES", 0)
    monkeypatch.setattr(training, "PIECE_BYTES", 33 * 8 * 4)
    monkeypatch.setattr(RLS, "fit", None)  # which would need all rows at once
    pieces = ESN(30, readout=RLS(1e-3), washout=7).fit(u, y)
    np.testing.assert_allclose(pieces.readout.weights, whole.readout.weights, rtol=1e-6, atol=1e-8)


def test_states_begin_where_they_are_told(data):
    u, _ = data
    esn = ESN([20, 10], leak=0.4)
    whole = esn.states(u)
    np.testing.assert_array_equal(esn.states(u[9:], start=whole[8]), whole[9:])
    with pytest.raises(ValueError, match=r"a start needs axes \(30\), .* got shape \(20,\)"):
        esn.states(u, start=np.zeros(20))
    with pytest.raises(ValueError, match="for a bidirectional network"):
        ESN(15, bidirectional=True).states(u, start=np.zeros(15))


def test_a_deep_esn_is_its_layers_by_hand(data, rng):
    u, y = data
    layers = [
        Layer(rng.standard_normal((20, 20)) / 6, rng.uniform(-1, 1, (20, 2)), leak=0.6),
        Layer(rng.standard_normal((15, 15)) / 6, rng.uniform(-1, 1, (15, 20)), bias=0.1),
    ]
    esn = ESN(layers=layers, washout=20).fit(u, y)
    first = layers[0].run(u)
    expected = np.hstack([first, layers[1].run(first)])
    np.testing.assert_array_equal(esn.states(u), expected)
    np.testing.assert_allclose(esn.predict(u), by_hand(expected, u, y, 20), rtol=0, atol=1e-6)


def test_drawn_layers_of_a_deep_esn_differ():
    front = ESN((20, 20, 10)).draw(1, 1)
    first, second, third = front.stack.layers
    assert (first.inputs, second.inputs, third.inputs) == (1, 20, 20)
    assert not np.array_equal(first.W.dense(), second.W.dense())


def test_a_plan_draws_what_it_says(rng):
    plan = LayerPlan(
        200, input_scaling=(0.5, 2.0), input_density=0.25, bias_scaling=0.3, feedback_scaling=4.0,
        weights="sign", leak=0.2, activation="relu", equation="es2n", orthogonal="cycle",
    )  # fmt: skip
    layer = plan.draw(2, 3, rng)
    assert (np.count_nonzero(layer.W_in, axis=0) == 50).all()
    assert not np.array_equal(layer.W_in[:, 0] != 0, layer.W_in[:, 1] != 0)
    assert [set(np.abs(column)) for column in layer.W_in.T] == [{0.0, 0.5}, {0.0, 2.0}]
    assert set(np.abs(layer.bias)) == {0.3}
    assert set(np.abs(layer.W_fb).ravel()) == {4.0}
    assert layer.W_fb.shape == (200, 3)
    assert set(layer.leak) == {0.2}
    np.testing.assert_array_equal(layer.O.dense(), np.roll(np.eye(200), 1, axis=0))
    assert LayerPlan(200, weights="uniform").draw(2, 0, rng).W_in.std() == pytest.approx(0.58, 0.1)


def test_a_bidirectional_esn_hears_the_future(data):
    u, _ = data
    y = np.roll(u, -3, axis=0)[:, :1]  # three steps ahead: no forward reservoir can know it
    forward = ESN(60, washout=20, input_scaling=0.1).fit(u, y)
    both = ESN(60, washout=20, input_scaling=0.1, bidirectional=True).fit(u, y)
    errors = [np.mean((e.predict(u) - y)[20:-20] ** 2) / np.var(y) for e in (forward, both)]
    assert errors[0] > 0.3
    assert errors[1] < 0.02
    ahead, back = both.front.stack.layers[0], both.front.stack.backward[0]
    expected = np.hstack([ahead.run(u), back.run(u[::-1])[::-1]])
    np.testing.assert_allclose(both.states(u), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("transform", [None, "squares", "alternate", lambda x: x[:, ::2] ** 3])
def test_the_readout_sees_transformed_features(transform, data):
    u, y = data
    seen = np.hstack([ESN(9, washout=5).fit(u, y).states(u), u])
    esn = ESN(9, washout=5, transform=transform).fit(u, y)
    odd = np.arange(11) % 2 == 1
    features = {
        None: seen,
        "squares": np.hstack([seen, seen**2]),
        "alternate": np.where(odd, seen**2, seen),
    }.get(transform, seen[:, ::2] ** 3)
    ridge = Ridge().fit(features[5:], y[5:])
    np.testing.assert_allclose(esn.predict(u), ridge.predict(features), rtol=0, atol=1e-8)


def test_without_inputs_the_readout_sees_states_alone(data):
    esn = ESN(9, inputs_to_readout=False, washout=5).fit(*data)
    assert len(esn.readout.weights) == 9


# --- readouts -------------------------------------------------------------------------------


class Nearest:
    """A readout as scikit-learn writes them: the target of the nearest state."""

    def fit(self, X, y):
        self.X, self.y = X, y
        return self

    def predict(self, X):
        return self.y[((X[:, None] - self.X) ** 2).sum(axis=2).argmin(axis=1)]


def test_readouts_with_scikit_learns_methods_are_taken(data):
    u, y = data
    esn = ESN(10, readout=Nearest(), washout=5).fit(u, y)
    np.testing.assert_allclose(esn.predict(u)[5:].ravel(), y[5:].ravel())


def test_the_given_readout_is_left_as_it_was(data):
    ridge = Ridge(1e-3)
    ESN(10, readout=ridge).fit(*data)
    assert not hasattr(ridge, "weights")


def test_recursive_least_squares_is_a_readout_too(data):
    u, y = data
    esn = ESN(20, readout=RLS(), washout=20, input_scaling=0.1).fit(u, y)
    assert np.mean((esn.predict(u) - y)[20:] ** 2) < 0.05 * np.var(y)


# --- whole sequences ------------------------------------------------------------------------


@pytest.fixture
def waves(rng):
    """Sequences of two frequencies and of different lengths, and which it was."""
    slow = rng.random(60) < 0.5
    sequences = [
        np.sin(np.arange(rng.integers(25, 40)) * (0.3 if s else 0.5) + rng.uniform(0, 6))[:, None]
        for s in slow
    ]
    return sequences, np.where(slow, "slow", "fast")


@pytest.mark.parametrize("readout", [None, Logistic()], ids=["ridge", "logistic"])
@pytest.mark.parametrize("pooling", ["last", "mean", "samples"])
def test_sequences_are_told_apart(pooling, readout, waves):
    sequences, names = waves
    # With biases and squares: a sine's sign says nothing, and states would only change theirs.
    esn = ESN(
        40, pooling=pooling, classify=True, readout=readout, bias_scaling=0.5, transform="squares"
    )
    esn.fit(sequences[:40], names[:40])
    assert (esn.predict(sequences[40:]) == names[40:]).mean() >= 0.8
    assert esn.predict(sequences[0]) == names[0]


@pytest.mark.parametrize("washout", [0, 3])
def test_pooling_takes_the_states_it_is_named_for(washout, waves):
    sequences, _ = waves
    targets = np.array([[len(s), s.sum()] for s in sequences], dtype=float)
    make = {
        "last": lambda x: x[-1],
        "mean": lambda x: x.mean(axis=0),
        # the last of each third, rounded up
        "samples": lambda x: np.concatenate([x[-(-len(x) * k // 3) - 1] for k in (1, 2, 3)]),
    }
    for pooling, pool in make.items():
        esn = ESN(10, pooling=pooling, samples=3, washout=washout).fit(sequences, targets)
        seen = [np.hstack([esn.states(s), s])[washout:] for s in sequences]
        ridge = Ridge().fit(np.array([pool(x) for x in seen]), targets)
        expected = ridge.predict(np.array([pool(x) for x in seen]))
        np.testing.assert_allclose(esn.predict(sequences), expected, rtol=0, atol=1e-7)


def test_every_step_can_have_a_label(rng):
    u = rng.uniform(-1, 1, (400, 1))
    y = (np.roll(u, 1)[:, 0] > 0).astype(int) * 5
    esn = ESN(50, classify=True, washout=10).fit(u, y)
    assert (esn.predict(u)[10:] == y[10:]).mean() > 0.95
    assert set(esn.predict(u)) == {0, 5}


# --- cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [cells.lstm, cells.elman], ids=lambda c: c.name)
def test_any_cell_is_a_reservoir(cell, data):
    u, y = data
    esn = ESN(layers=CellReservoir(cell, hidden=30), washout=20, seed=1).fit(u, y)
    states = esn.states(u)
    np.testing.assert_allclose(esn.predict(u), by_hand(states, u, y, 20), rtol=0, atol=1e-6)
    network = esn.front.reservoir.network
    np.testing.assert_allclose(states, network.states(u)["h"], rtol=0, atol=1e-15)


def test_given_weights_of_a_cell_are_kept_and_others_scaled(rng):
    U = np.eye(8) * 0.9
    plain = CellReservoir(cells.elman, hidden=8).drawn(2, np.random.default_rng(1))
    made = CellReservoir(cells.elman, hidden=8, weights={"U": U}, scale=0.5)
    weights = made.drawn(2, np.random.default_rng(1)).network.unpack()
    np.testing.assert_array_equal(weights["U"], U)
    np.testing.assert_array_equal(weights["W"], 0.5 * plain.network.unpack()["W"])


def test_a_reservoir_of_cells_and_its_readout_are_one_network():
    reservoir = CellReservoir(cells.elman, hidden=20)
    esn = ESN(layers=reservoir, inputs_to_readout=False).fit(SERIES)
    network = esn.front.reservoir.with_readout(esn.readout.weights, esn.readout.bias)
    np.testing.assert_allclose(network.predict(SERIES), esn.predict(SERIES), rtol=0, atol=1e-9)
    np.testing.assert_allclose(esn.forecast(20), network.forecast(SERIES, 20), rtol=0, atol=1e-12)


ZOO = [c for c in vars(cells).values() if isinstance(c, Cell)]


@pytest.mark.parametrize("cell", ZOO, ids=lambda c: c.name)
def test_every_cell_of_the_zoo_can_be_drawn_as_a_reservoir(cell, rng):
    """Drawn only: a kernel for each would take a minute to compile."""
    own = {"output": 7} if "output" in cell.graph.axis_names() else {}
    reservoir = CellReservoir(cell, hidden=6, **own).drawn(2, rng)
    assert reservoir.units == (7 if own else reservoir.network.sizes["output"])
    network = reservoir.with_readout(rng.normal(size=(reservoir.units + 2, 1)), np.ones(1), True)
    assert network.unpack()["V"].shape == (1, reservoir.units + 2)


def test_a_jordan_networks_outputs_are_what_the_readout_sees(data, tmp_path):
    V = np.linspace(-1, 1, 40).reshape(8, 5)
    cell = CellReservoir(cells.jordan, hidden=5, output=8, weights={"V": V})
    esn = ESN(layers=cell, washout=20).fit(*data)
    weights = esn.front.reservoir.network.unpack()
    np.testing.assert_array_equal(weights["own_V"], V)
    x, s, expected = data[0], np.zeros(8), []
    for t in range(30):
        h = np.tanh(weights["own_W"] @ x[t] + weights["own_U"] @ s + weights["own_b"])
        expected.append(V @ h + weights["own_c"])
        s = 0.5 * s + expected[-1]
    np.testing.assert_allclose(esn.states(x[:30]), expected, rtol=0, atol=1e-12)
    esn.save(tmp_path / "jordan.safetensors")
    again = ESN.load(tmp_path / "jordan.safetensors")
    np.testing.assert_array_equal(again.predict(x), esn.predict(x))


def test_a_reservoir_of_cells_goes_on_alone_as_if_told_each_output(tmp_path):
    esn = ESN(layers=CellReservoir(cells.elman, hidden=20)).fit(SERIES)
    told, heard = [], SERIES[:60]
    for _ in range(5):
        told.append(esn.predict(heard)[-1])
        heard = np.vstack([heard, told[-1]])
    free = esn.forecast(5, context=SERIES[:60])
    np.testing.assert_allclose(free, told, rtol=0, atol=1e-12)
    alone = esn.generate(4, start=[0.3])
    np.testing.assert_allclose(
        alone, esn.forecast(4, context=np.array([[0.3]])), rtol=0, atol=1e-12
    )
    esn.save(tmp_path / "cells.safetensors")
    again = ESN.load(tmp_path / "cells.safetensors")
    np.testing.assert_array_equal(again.predict(SERIES), esn.predict(SERIES))
    np.testing.assert_array_equal(again.forecast(9), esn.forecast(9))


# --- errors ---------------------------------------------------------------------------------

U, Y = np.zeros((50, 2)), np.zeros((50, 1))
HOLE = np.where(np.arange(50)[:, None] == 7, np.nan, U)


@pytest.mark.parametrize(
    ("settings", "inputs", "targets", "message"),
    [
        ({}, HOLE, Y, "inputs need finite numbers, got nan at step 7, feature 0; fill the gap"),
        ({}, U, HOLE, "targets need finite numbers, got nan at step 7, feature 0"),
        ({}, [U, HOLE], [Y, Y], "got nan at step 7, feature 0 in sequence 1"),
        ({}, U, Y, "a washout of 100 steps leaves nothing of sequence 0, which has 50; lower the"),
        ({"washout": 49}, [U, U[:49]], [Y, Y[:49]], "leaves nothing of sequence 1, which has 49"),
        ({"bidirectional": True, "washout": 25}, U, Y, "a washout of 50 steps leaves nothing"),
        ({"washout": 5}, U, Y[:40], "sequence 0 has 50 inputs and 40 targets"),
        ({"washout": 5}, [U, U], [Y], "a target for each of 2 sequences, got 1"),
        ({"washout": 5}, [U, U[:, :1]], [Y, Y], r"axes \(time, 2\) .* shape \(50, 1\) in seq"),
        ({"washout": 5}, [], [], "inputs need at least one sequence, got none"),
        ({"pooling": "last"}, [U, U], np.zeros(3), "a target for each of 2 sequences, got 3"),
        ({"pooling": "last"}, [U, U], None, "needs targets where there is pooling or classify"),
        (
            {"pooling": "last", "classify": True}, [U, U], ["a", "a"],
            r"at least two classes, got only \['a'\]; add sequences of another class",
        ),
        ({"washout": 5, "classify": True}, U, HOLE[:, 0], "label for every target, got NaN among"),
        ({}, None, Y, "a network without inputs needs feedback=True, and targets or a teacher"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_learned_are_told(settings, inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        ESN(10, **settings).fit(inputs, targets)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"units": 0}, ValueError, "units need to be a whole number of at least 1, got 0"),
        ({"units": ()}, ValueError, "units need a number for at least one layer"),
        ({"washout": -1}, ValueError, "washout needs to be at least 0"),
        ({"pooling": "max"}, ValueError, "pooling is None or one of last, mean, samples"),
        ({"transform": "cubes"}, ValueError, "transform is None, a function or one of squares"),
        ({"noise": -1.0}, ValueError, "noise needs to be at least 0, got -1.0"),
        ({"input_density": 0.0}, ValueError, r"input_density needs to lie in \(0, 1\]"),
        ({"feedback": True, "bidirectional": True}, ValueError, "feedback needs layers, and neit"),
        ({"layers": []}, TypeError, "layers need to be a CellReservoir, or a list"),
        ({"layers": [LayerPlan()], "leak": 0.5}, ValueError, "leak belong to the layers"),
        ({"readout": 3}, TypeError, "A readout needs a method `fit`"),
        ({"wobble": 3}, TypeError, "an ESN has no setting 'wobble'; its layers take spectral_rad"),
        ({"units": 2.5}, ValueError, "units need to be a whole number of at least 1, got 2.5"),
        ({"layers": cells.elman, "hidden": 3}, TypeError, r"wrap it: CellReservoir\(elman, hidden"),
    ],
)
def test_a_wrong_setting_is_told(settings, error, message):
    with pytest.raises(error, match=message):
        ESN(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topology": "star"}, "topology is one of random, lane-blocked, .* got 'star'"),
        ({"topology": "cycle", "density": 0.1}, "the topology 'cycle' has no density; it takes"),
        ({"topology": "delay-line", "spectral_radius": 0.9}, "a nilpotent matrix cannot have"),
        ({"topology": np.eye(9)}, "the given W has 9 units, the plan 10"),
        ({"input_scaling": (1, 2, 3)}, "one for each of 2 inputs, got shape"),
        ({"weights": "cauchy"}, "weights are one of normal, uniform, sign, got 'cauchy'"),
        ({"layers": [Layer(np.eye(3), np.ones((3, 1)))]}, "layer 0 needs to hear 2 inputs"),
        ({"layers": CellReservoir(cells.elman, hidden=3, weights={"U": np.eye(2)})}, "has the wei"),
    ],
)
def test_what_cannot_be_drawn_is_told(settings, message):
    with pytest.raises(ValueError, match=message):
        ESN(**({} if "layers" in settings else {"units": 10}), **settings).draw(2, 1)


def test_an_unfitted_esn_says_so():
    with pytest.raises(ValueError, match="this ESN needs to be fitted first"):
        ESN(10).predict(U)
    with pytest.raises(ValueError, match="this ESN needs to be fitted first"):
        ESN(10).forecast(3)
