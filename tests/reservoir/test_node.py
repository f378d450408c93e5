"""evornn's Reservoir in reservoirpy's models: the same states, and what version 0.4 dropped."""

import pickle

import numpy as np
import pytest
from reservoirpy import mat_gen, nodes

from evornn.reservoir import TOPOLOGIES, Reservoir

SETTINGS = {
    "plain": {},
    "leaky": {"lr": 0.3, "sr": 0.8, "input_scaling": 0.5},
    "dense": {"rc_connectivity": 1.0, "input_connectivity": 1.0},
    "bias": {"bias": mat_gen.uniform, "activation": "sigmoid"},
    "unit leaks": {"lr": np.linspace(0.1, 1, 50), "bias": 0.2},
    "linear": {"activation": "identity", "sr": 0.9},
    "relu": {"activation": "relu", "sr": 0.5},
    "own function": {"activation": np.sin},
}


@pytest.fixture
def data(rng):
    u = rng.uniform(-1, 1, (200, 2))
    return u, np.roll(u, 3, axis=0)[:, :1]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_the_same_seed_gives_reservoirpys_states(settings, data):
    ours, theirs = Reservoir(50, seed=7, **settings), nodes.Reservoir(50, seed=7, **settings)
    for _ in range(2):  # the second run goes on from the first one's state
        np.testing.assert_allclose(ours.run(data[0]), theirs.run(data[0]), rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours(data[0][0]), theirs(data[0][0]), rtol=0, atol=1e-12)
    ours.reset(), theirs.reset()
    np.testing.assert_allclose(ours.run(data[0]), theirs.run(data[0]), rtol=0, atol=1e-12)


def both(build):
    return build(Reservoir), build(nodes.Reservoir)


@pytest.mark.parametrize(
    "build",
    [
        lambda R: R(50, seed=1) >> nodes.Ridge(1e-6),
        lambda R: R(50, seed=1) >> R(40, seed=2) >> nodes.Ridge(1e-6),
        lambda R: nodes.Input() >> [R(50, seed=1), R(40, lr=0.4, seed=2)] >> nodes.Ridge(1e-6),
    ],
    ids=["one", "deep", "parallel"],
)
def test_models_answer_as_reservoirpys(build, data):
    ours, theirs = both(build)
    u, y = data
    ours.fit(u, y, warmup=10), theirs.fit(u, y, warmup=10)
    ours.reset(), theirs.reset()
    np.testing.assert_allclose(ours.run(u), theirs.run(u), rtol=0, atol=1e-8)


def test_several_series_run_as_reservoirpys(data):
    u = data[0].reshape(4, 50, 2)
    ours, theirs = Reservoir(30, seed=1), nodes.Reservoir(30, seed=1)
    np.testing.assert_allclose(ours.run(u), theirs.run(u), rtol=0, atol=1e-12)


def test_feedback_has_a_matrix_of_its_own_and_models_learn_with_it(data, rng):
    u, y = data
    Wfb = rng.uniform(-1, 1, (40, 1))
    reservoir, readout = Reservoir(40, seed=3, feedback_dim=1, Wfb=Wfb), nodes.Ridge(1e-6)
    model = (reservoir >> readout) & (reservoir << readout)
    model.fit(u, y, warmup=10)
    plain = nodes.Reservoir(40, seed=3)
    plain.initialize(u)
    np.testing.assert_array_equal(reservoir.Win[:, :2], plain.Win.toarray())
    np.testing.assert_array_equal(reservoir.Win[:, 2:], Wfb)
    model.reset()
    answer = model.run(u)
    x, fed = np.zeros(40), np.zeros(1)
    for t in range(len(u)):
        x = np.tanh(plain.W @ x + plain.Win @ u[t] + Wfb @ fed)
        fed = x @ readout.Wout + readout.bias
        np.testing.assert_allclose(answer[t], fed, rtol=0, atol=1e-7)


def test_drawn_feedback_is_scaled_and_thinned(data):
    node = Reservoir(100, seed=3, feedback_dim=2, fb_scaling=0.25, fb_connectivity=0.4)
    node.initialize(np.zeros((1, 3)))
    fed = node.Win[:, 1:]
    assert set(np.unique(np.abs(fed))) == {0.0, 0.25}
    assert np.count_nonzero(fed) == pytest.approx(80, abs=1)


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_every_topology_is_a_node(name, data):
    node = Reservoir(32, topology=name, seed=2)
    states = node.run(data[0])
    written = node.W.toarray() if hasattr(node.W, "toarray") else node.W
    again = nodes.Reservoir(W=written, Win=node.Win)
    np.testing.assert_allclose(states, again.run(data[0]), rtol=0, atol=1e-12)


def test_the_edge_of_stability_is_reservoirpys(data):
    theirs = nodes.ES2N(40, proximity=0.2, seed=2)
    expected = theirs.run(data[0])
    ours = Reservoir(W=theirs.W, Win=theirs.Win, O=theirs.O, lr=0.2, equation="es2n")
    np.testing.assert_allclose(ours.run(data[0]), expected, rtol=0, atol=1e-12)


def test_the_external_equation_goes_on_from_its_internal_state(data):
    node, whole = (Reservoir(30, lr=0.3, equation="external", seed=1) for _ in range(2))
    parts = [node.run(data[0][:70]), node.run(data[0][70:])]
    np.testing.assert_allclose(np.concatenate(parts), whole.run(data[0]), rtol=0, atol=1e-14)
    ip = nodes.IPReservoir(30, lr=0.3, W=node.W, Win=node.Win, bias=np.zeros(30))
    np.testing.assert_allclose(whole.run(data[0][:0].reshape(0, 2)), np.empty((0, 30)))
    np.testing.assert_allclose(np.concatenate(parts), ip.run(data[0]), rtol=0, atol=1e-12)


def test_noise_stirs_the_states_by_its_size(data):
    quiet, noisy, again = (Reservoir(50, seed=1, noise=n).run(data[0]) for n in (0, 1e-3, 1e-3))
    assert 1e-4 < np.std(noisy - quiet) < 1e-2
    np.testing.assert_array_equal(noisy, again)


def test_a_hole_in_a_series_is_told(data):
    u = data[0].copy()
    u[7, 1] = np.nan
    with pytest.raises(ValueError, match=r"^wet needs finite inputs, got nan at step 7, feature 1"):
        (Reservoir(30, name="wet") >> nodes.Ridge()).fit(u, data[0])


def test_an_attribute_that_is_changed_counts(data):
    ours, theirs = Reservoir(30, seed=1), nodes.Reservoir(30, seed=1)
    for node in (ours, theirs):
        node.run(data[0])
        node.reset()
        node.lr = 0.2
        node.W = node.W * 0.5
    np.testing.assert_allclose(ours.run(data[0]), theirs.run(data[0]), rtol=0, atol=1e-12)


def test_a_node_survives_a_pickle(data):
    node = Reservoir(30, seed=1)
    node.initialize(data[0])
    copied = pickle.loads(pickle.dumps(node))
    np.testing.assert_array_equal(copied.run(data[0]), node.run(data[0]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topology": "cycle", "W": np.eye(10)}, "either W or a topology, got both"),
        ({"topology": "star"}, "topology is one of random, .* got 'star'"),
        ({"noise": -1.0}, "noise and feedback_dim need to be at least 0, got -1.0 and 0"),
        ({"dtype": np.float32}, "computes in float64, got"),
        ({"activation": np.sin, "noise": 0.1}, "an activation of your own goes with the internal"),
        ({"feedback_dim": 3}, "feedback_dim=3 needs as many inputs, this node hears 2"),
        (
            {"feedback_dim": 1, "Wfb": np.ones((9, 1))},
            r"Wfb needs axes \(10, 1\), got shape \(9, 1",
        ),
    ],
)
def test_a_wrong_setting_is_told(settings, message, data):
    with pytest.raises(ValueError, match=message):
        Reservoir(10, **settings).run(data[0])


def test_reservoirpy_is_imported_with_the_node_alone(in_new_process):
    script = (
        "import sys, evornn.reservoir as r; print('reservoirpy' in sys.modules);"
        "r.Reservoir; print('reservoirpy' in sys.modules)"
    )
    assert in_new_process(script).split() == ["False", "True"]
