"""A reservoir's states, against the equations in NumPy and against reservoirpy's own."""

import pickle

import numpy as np
import pytest
import scipy.sparse
from reservoirpy import nodes

from evornn.reservoir import TOPOLOGIES, Layer, layer_genes, with_layer_genes
from evornn.reservoir.operators import Dense, Sparse

ACTIVATIONS = {
    "tanh": np.tanh,
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "relu": lambda z: np.maximum(z, 0),
}
UNITS, INPUTS, STEPS = 21, 2, 40


def by_equation(W, W_in, u, *, bias, leak, equation, f, O, gain, shift, feedback=0.0):  # noqa: E741
    """States by the documented equations, one step at a time, axes (time, unit)."""
    x, v, states = np.zeros(len(W)), np.zeros(len(W)), []
    for t in range(len(u)):
        z = W @ x + W_in @ u[t] + bias + (feedback[t] if np.ndim(feedback) else 0.0)
        if equation == "external":
            v = (1 - leak) * v + leak * z
            x = f(gain * v + shift)
        else:
            old = O @ x if equation == "es2n" else x
            x = (1 - leak) * old + leak * f(gain * z + shift)
        states.append(x)
    return np.array(states)


def parts(rng, density=0.3):
    W = rng.standard_normal((UNITS, UNITS)) * (rng.random((UNITS, UNITS)) < density)
    W *= 0.8 / np.abs(np.linalg.eigvals(W)).max()
    return W, rng.uniform(-1, 1, (UNITS, INPUTS)), rng.uniform(-1, 1, (STEPS, INPUTS))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("equation", ["internal", "external", "es2n"])
def test_states_follow_the_equation(equation, activation, rng):
    W, W_in, u = parts(rng)
    O = np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0] if equation == "es2n" else None  # noqa: E741
    settings = {
        "bias": rng.uniform(-0.2, 0.2, UNITS),
        "leak": rng.uniform(0.2, 1, UNITS),
        "gain": rng.uniform(0.8, 1.2, UNITS),
        "shift": rng.uniform(-0.1, 0.1, UNITS),
    }
    layer = Layer(W, W_in, equation=equation, activation=activation, O=O, **settings)
    f = ACTIVATIONS[activation]
    expected = by_equation(W, W_in, u, equation=equation, f=f, O=O, **settings)
    np.testing.assert_allclose(layer.run(u), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("bias", [0.0, 0.3])
@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_states_are_reservoirpys_with_the_same_matrices(leak, bias, rng):
    u = rng.uniform(-1, 1, (300, 2))
    node = nodes.Reservoir(100, lr=leak, sr=0.95, bias=bias, seed=4)
    expected = node.run(u)
    layer = Layer(node.W, node.Win, bias=bias, leak=leak)
    assert isinstance(layer.W, Sparse)
    np.testing.assert_allclose(layer.run(u), expected, rtol=0, atol=1e-12)


def test_states_of_the_edge_of_stability_are_reservoirpys(rng):
    u = rng.uniform(-1, 1, (300, 2))
    node = nodes.ES2N(60, proximity=0.2, sr=0.9, seed=4)
    expected = node.run(u)
    layer = Layer(node.W, node.Win, leak=0.2, equation="es2n", O=node.O)
    np.testing.assert_allclose(layer.run(u), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_every_topology_runs_as_its_matrix_written_out(name, rng):
    W = TOPOLOGIES[name](32, rng)
    W_in, u = rng.uniform(-1, 1, (32, INPUTS)), rng.uniform(-1, 1, (STEPS, INPUTS))
    expected = Layer(Dense.of(W.dense()), W_in).run(u)
    np.testing.assert_allclose(Layer(W, W_in).run(u), expected, rtol=0, atol=1e-12)


def test_an_orthogonal_part_may_be_a_fast_transform(rng):
    W, O = TOPOLOGIES["hadamard"](32, rng), TOPOLOGIES["hadamard"](32, rng, spectral_radius=1.0)  # noqa: E741
    W_in, u = rng.uniform(-1, 1, (32, INPUTS)), rng.uniform(-1, 1, (STEPS, INPUTS))
    written = Layer(W.dense(), W_in, leak=0.1, equation="es2n", O=O.dense())
    fast = Layer(W, W_in, leak=0.1, equation="es2n", O=O)
    np.testing.assert_allclose(fast.run(u), written.run(u), rtol=0, atol=1e-12)


def test_two_states_become_one_under_the_same_input(rng):
    # The echo state property; its sufficient condition holds: largest singular value below 1.
    W = rng.standard_normal((UNITS, UNITS))
    W *= 0.9 / np.linalg.norm(W, 2)
    layer = Layer(W, rng.uniform(-1, 1, (UNITS, 1)))
    u = rng.uniform(-1, 1, (400, 1))
    memory = layer.clean()
    memory.x[:UNITS] = rng.uniform(-1, 1, UNITS)
    gap = np.linalg.norm(layer.run(u, memory) - layer.run(u), axis=1)
    assert gap[0] > 0.1
    assert gap[-1] < 1e-12
    assert (np.diff(gap[:50]) < 0).all()


@pytest.mark.parametrize("equation", ["internal", "external"])
def test_a_run_in_pieces_is_the_run(equation, rng):
    W, W_in, u = parts(rng)
    layer = Layer(W, W_in, leak=0.4, equation=equation)
    memory = layer.clean()
    pieces = [layer.run(u[a:b], memory) for a, b in ((0, 1), (1, 17), (17, STEPS))]
    # To rounding: NumPy's product of inputs and weights depends on the number of steps.
    np.testing.assert_allclose(np.concatenate(pieces), layer.run(u), rtol=0, atol=1e-14)


def test_feedback_and_noise_are_added_inside_the_activation(rng):
    W, W_in, u = parts(rng)
    W_fb, y = rng.uniform(-1, 1, (UNITS, 3)), rng.uniform(-1, 1, (STEPS, 3))
    noise = 0.1 * rng.standard_normal((STEPS, UNITS))
    layer = Layer(W, W_in, W_fb=W_fb)
    expected = by_equation(
        W, W_in, u, bias=0, leak=1, equation="internal", f=np.tanh, O=None, gain=1, shift=0,
        feedback=y @ W_fb.T + noise,
    )  # fmt: skip
    states = layer.run(u, feedback=y, noise=noise)
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-12)


def test_sparse_input_weights_do_as_dense_ones(rng):
    W, W_in, u = parts(rng)
    sparse = scipy.sparse.csr_array(W_in * (rng.random(W_in.shape) < 0.5))
    np.testing.assert_allclose(
        Layer(W, sparse).run(u), Layer(W, sparse.toarray()).run(u), rtol=0, atol=1e-14
    )


def test_a_layer_survives_a_pickle(rng):
    W, W_in, u = parts(rng, density=1.0)
    layer = Layer(W, W_in)
    copied = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(copied.run(u), layer.run(u))


def test_nan_in_a_state_stays_nan(rng):
    W, W_in, u = parts(rng)
    u[3, 0] = np.nan
    states = Layer(W, W_in).run(u)
    assert np.isfinite(states[:3]).all()
    assert np.isnan(states[3]).all()


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_the_genes_of_a_layer_are_its_weights(name, rng):
    W = TOPOLOGIES[name](16, rng)
    layer = Layer(W, rng.uniform(-1, 1, (16, 2)), W_fb=rng.uniform(-1, 1, (16, 1)), bias=0.3)
    genes = layer_genes(layer)
    changed = with_layer_genes(layer, -2 * genes)
    np.testing.assert_allclose(changed.W.dense(), -2 * layer.W.dense(), rtol=1e-15)
    np.testing.assert_array_equal(changed.W_in, -2 * layer.W_in)
    np.testing.assert_array_equal(changed.W_fb, -2 * layer.W_fb)
    np.testing.assert_array_equal(changed.bias, -2 * layer.bias)
    np.testing.assert_array_equal(layer_genes(layer), genes)  # the first one is untouched
    np.testing.assert_array_equal(layer_genes(changed), -2 * genes)


def test_one_gene_turns_one_weight(rng):
    layer = Layer(TOPOLOGIES["lane-blocked"](16, rng, density=3), rng.uniform(-1, 1, (16, 2)))
    genes = layer_genes(layer)
    assert len(genes) == 16 * 3 + 16 * 2 + 16
    genes[4] += 1  # the second weight of the second unit
    changed = with_layer_genes(layer, genes).W.dense() != layer.W.dense()
    assert changed.sum() == 1
    assert changed[1].sum() == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"W": np.ones((3, 4))}, r"W needs to be square, got shape \(3, 4\)"),
        ({"W": np.ones(3)}, r"a reservoir's matrix needs axes \(unit, unit\), got shape \(3,\)"),
        ({"W": np.full((3, 3), np.nan)}, "a reservoir's matrix needs finite weights"),
        ({"W_in": np.ones((4, 1))}, r"W_in needs axes \(3, n\) for 3 units, got shape \(4, 1\)"),
        ({"W_fb": np.ones(3)}, r"W_fb needs axes \(3, n\)"),
        ({"leak": 1.5}, r"leak needs to lie in \[0, 1\], got 1.5 to 1.5"),
        ({"bias": np.ones(2)}, r"bias needs to be a number or to have axes \(3\)"),
        ({"bias": np.inf}, "bias needs finite numbers, got inf"),
        ({"equation": "middle"}, "equation is one of internal, external, es2n, got 'middle'"),
        ({"activation": "step"}, "activation is one of tanh, linear, sigmoid, relu, got 'step'"),
        ({"equation": "es2n"}, "needs an orthogonal matrix O, got none"),
        ({"O": np.eye(3)}, "needs an orthogonal matrix O, got one for equation 'internal'"),
        ({"equation": "es2n", "O": np.eye(4)}, "O needs 3 units like W, got 4"),
    ],
)
def test_a_wrong_part_is_told(settings, message):
    with pytest.raises(ValueError, match=message):
        Layer(**{"W": np.eye(3), "W_in": np.ones((3, 1)), **settings})


def test_wrong_inputs_genes_and_feedback_are_told(rng):
    layer = Layer(np.eye(3), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"needs inputs with axes \(time, 1\), got shape \(5, 2\)"):
        layer.run(np.zeros((5, 2)))
    fed = Layer(np.eye(3), np.ones((3, 1)), W_fb=np.ones((3, 2)))
    with pytest.raises(ValueError, match="hears 2 outputs; pass them as feedback"):
        fed.run(np.zeros((5, 1)))
    with pytest.raises(ValueError, match=r"needs 15 finite genes: .* W_in 3, .* got shape \(4,\)"):
        with_layer_genes(layer, np.zeros(4))


def test_a_layer_begins_from_a_state(rng):
    W, W_in, u = parts(rng)
    layer = Layer(W, W_in, leak=0.3)
    whole = layer.run(u)
    np.testing.assert_array_equal(layer.run(u[9:], layer.begun(whole[8])), whole[9:])
    with pytest.raises(ValueError, match=rf"needs {UNITS} finite numbers, one a unit, got shape"):
        layer.begun(np.zeros(3))
    with pytest.raises(ValueError, match='with equation "internal" or "es2n", got "external"'):
        Layer(W, W_in, equation="external").begun(whole[8])
