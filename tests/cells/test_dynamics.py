"""Cells in continuous time, against exact solutions and published update rules."""

import numpy as np
import pytest
from oracle import interpreted
from scipy.linalg import expm
from scipy.optimize import root

from evornn.cells import Dynamics, ctrnn, ctrnn_dynamics, dynamics, ltc, ltc_dynamics
from evornn.flow import cell, matrix, state, vector
from evornn.flow.language import exp, tanh
from evornn.network import Network

METHODS = {"euler": 1, "heun": 2, "rk4": 4, "exponential_euler": 1, "fused": 1}


@dynamics
def linear(
    x, h, *, W=matrix("hidden", "input"), U=matrix("hidden", "hidden"), log_tau=vector("hidden")
):
    """tau dh/dt = U h + W x - h."""
    return (U @ h + W @ x - h) / exp(log_tau)


@dynamics
def decaying(x, h, *, W=matrix("hidden", "input"), log_rate=vector("hidden")):
    """The same without U, written with a rate: dh/dt = rate W x - rate h."""
    return exp(log_rate) * (W @ x) - exp(log_rate) * h


def network_of(cell, hidden=3, inputs=2, outputs=2):
    return Network(cell, inputs=inputs, outputs=outputs, hidden=hidden, dtype="float64")


def states_of(cell, rng_or_genes, x, **sizes):
    """The states' histories, and the network."""
    network = network_of(cell, inputs=x.shape[1], **sizes)
    genes = rng_or_genes
    if isinstance(genes, np.random.Generator):
        genes = network.initial(genes, 1)[0]
    return interpreted(network, genes, x)[1], network


def exact_end(named, x, dt):
    """The solution of `linear` after all steps, the input held constant over each."""
    tau = np.exp(named["log_tau"])
    a, b = (named["U"] - np.eye(len(tau))) / tau[:, None], named["W"] / tau[:, None]
    step = expm(a * dt)
    h = np.zeros(len(tau))
    for u in x:
        h = step @ h + np.linalg.solve(a, (step - np.eye(len(tau))) @ (b @ u))
    return h


@pytest.mark.parametrize(("method", "order"), METHODS.items())
def test_a_method_converges_with_its_order(method, order, rng):
    x = rng.standard_normal((4, 2))
    genes = network_of(linear.discretised(method)).initial(rng, 1)[0]
    errors, sizes = [], np.array([8, 16, 32, 64])
    for substeps in sizes:
        cell = linear.discretised(method, dt=0.5, substeps=int(substeps))
        history, network = states_of(cell, genes, x)
        errors.append(np.abs(history["h"][-1] - exact_end(network.unpack(genes), x, 0.5)).max())
    slope = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.12)


@pytest.mark.parametrize("equations", [linear, decaying])
def test_exponential_euler_is_exact_where_target_and_rate_stand_still(equations, rng):
    x = rng.standard_normal((5, 2))
    network = network_of(equations.discretised("exponential_euler", dt=3.0))
    named = network.unpack(network.initial(rng, 1)[0])
    if equations is linear:
        named["U"] = np.zeros((3, 3))
        tau = np.exp(named["log_tau"])
    else:
        tau = np.exp(-named["log_rate"])
    _, states = interpreted(network, network.pack(named), x)
    h = np.zeros(3)
    for u, got in zip(x, states["h"], strict=True):
        h = named["W"] @ u + (h - named["W"] @ u) * np.exp(-3.0 / tau)
        np.testing.assert_allclose(got, h, rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_substeps_are_steps_with_the_input_held(method, rng):
    x = rng.standard_normal((4, 2))
    coarse = ltc_dynamics.discretised(method, dt=0.6, substeps=3)
    fine = ltc_dynamics.discretised(method, dt=0.2)
    genes = network_of(coarse).initial(rng, 1)[0]
    wanted, _ = states_of(fine, genes, np.repeat(x, 3, axis=0))
    got, _ = states_of(coarse, genes, x)
    np.testing.assert_allclose(got["h"], wanted["h"][2::3], rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", ["exponential_euler", "fused"])
def test_both_ways_to_write_a_relaxation_mean_the_same(method, rng):
    @dynamics
    def as_target(x, h, *, W=matrix("hidden", "input"), log_rate=vector("hidden")):
        return (W @ x - h) / exp(-log_rate)

    x = rng.standard_normal((6, 2))
    genes = network_of(decaying.discretised(method)).initial(rng, 1)[0]
    one, _ = states_of(decaying.discretised(method, dt=0.7), genes, x)
    other, _ = states_of(as_target.discretised(method, dt=0.7), genes, x)
    np.testing.assert_allclose(one["h"], other["h"], rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", ["exponential_euler", "fused"])
@pytest.mark.parametrize("log_tau", [-30.0, -3.0, 3.0, 300.0])
def test_the_zoos_methods_stay_bounded_for_any_time_constant(method, log_tau, rng):
    network = network_of(ltc_dynamics.discretised(method, dt=1.0))
    named = network.unpack(network.initial(rng, 1)[0])
    named["log_tau"] = np.full(3, log_tau)
    _, states = interpreted(network, network.pack(named), 5 * rng.standard_normal((50, 2)))
    assert (states["h"] <= np.maximum(named["A"], 0) + 1e-12).all()
    assert (states["h"] >= np.minimum(named["A"], 0) - 1e-12).all()


def test_a_ctrnn_settles_where_its_equations_stand_still(rng):
    network = network_of(ctrnn, inputs=1, outputs=1)
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    outputs, states = interpreted(network, genes, np.full((400, 1), 0.7))

    def slope(y):
        return w["U"] @ (1 / (1 + np.exp(-y - w["b"]))) + w["W"][:, 0] * 0.7 - y

    fixed = root(slope, np.zeros(3), tol=1e-13).x
    np.testing.assert_allclose(states["y"][-1], fixed, rtol=0, atol=1e-10)
    rate = 1 / (1 + np.exp(-fixed - w["b"]))
    np.testing.assert_allclose(outputs[-1], w["V"] @ rate + w["c"], rtol=0, atol=1e-10)


def test_the_zoos_ltc_is_the_published_fused_rule(rng):
    network = network_of(ltc)
    genes = network.initial(rng, 1)[0]
    w = network.unpack(genes)
    x = rng.standard_normal((10, 2))
    _, states = interpreted(network, genes, x)
    h = np.zeros(3)
    for u, got in zip(x, states["h"], strict=True):
        for _ in range(2):
            f = 1 / (1 + np.exp(-(w["W"] @ u + w["U"] @ h + w["b"])))
            h = (h + 0.5 * f * w["A"]) / (1 + 0.5 * (np.exp(-w["log_tau"]) + f))
        np.testing.assert_allclose(got, h, rtol=0, atol=1e-14)


def test_all_methods_agree_on_the_zoos_equations_at_a_fine_step(rng):
    x = rng.standard_normal((5, 2))
    for equations in (ctrnn_dynamics, ltc_dynamics):
        genes = network_of(equations.discretised("rk4")).initial(rng, 1)[0]
        (name,) = (slot.name for slot in equations.graph.states)
        wanted, _ = states_of(equations.discretised("rk4", substeps=8), genes, x)
        for method in METHODS:
            got, _ = states_of(equations.discretised(method, substeps=100), genes, x)
            np.testing.assert_allclose(got[name], wanted[name], rtol=0, atol=0.02)


def test_an_output_is_that_of_the_states_at_the_end_of_the_step(rng):
    @dynamics
    def two(x, a, b=state("hidden", initial=0.5), *, W=matrix("hidden", "input")):
        return a + 10 * b, W @ x - b, tanh(W @ x) - a

    cell = two.discretised("euler", dt=0.25)
    network = Network(cell, inputs=1, outputs=2, hidden=2, dtype="float64")
    named = {"W": np.array([[1.0], [-2.0]]), "V": np.eye(2), "c": np.zeros(2), "dt": 0.25}
    outputs, _ = interpreted(network, network.pack(named), np.array([[0.5]]))
    w = named["W"][:, 0] * 0.5
    a, b = 0.25 * (w - 0.5), 0.5 + 0.25 * np.tanh(w)
    np.testing.assert_allclose(outputs[0], a + 10 * b, rtol=0, atol=1e-15)


def test_the_step_is_a_fixed_parameter_that_can_be_changed(rng):
    x = rng.standard_normal((6, 2))
    changed, network = states_of(ctrnn.with_fixed(dt=0.3), rng, x)
    assert not any(name == "dt" for name in network.map.names)
    wanted = ctrnn_dynamics.discretised("exponential_euler", dt=0.3)
    genes = network.initial(np.random.default_rng(1), 1)[0]
    np.testing.assert_array_equal(
        states_of(ctrnn.with_fixed(dt=0.3), genes, x)[0]["y"], states_of(wanted, genes, x)[0]["y"]
    )
    assert changed["y"].shape == (6, 3)


def test_impossible_dynamics_are_refused():
    assert isinstance(linear, Dynamics)
    with pytest.raises(ValueError, match=r"needs a method of euler, heun, .*'midpoint'"):
        linear.discretised("midpoint")
    with pytest.raises(ValueError, match=r"`discretised` needs a finite `dt` above 0, got 0"):
        linear.discretised(dt=0)
    with pytest.raises(ValueError, match="`discretised` needs `substeps` of at least 1, got 0"):
        linear.discretised(substeps=0)

    @dynamics
    def pendulum(x, h, v, *, W=matrix("hidden", "input")):
        return v, W @ x - v

    text = r"derivative of h in dynamics pendulum as \(target - h\) / tau or drive - rate \* h"
    with pytest.raises(ValueError, match=text):
        pendulum.discretised("fused")
    with pytest.raises(ValueError, match="dynamics nothing needs at least one state, got none"):

        @dynamics
        def nothing(x, *, W=matrix("hidden", "input")):
            return W @ x

    @dynamics
    def taken(x, h, *, dt=vector("hidden")):
        return dt - h

    with pytest.raises(ValueError, match="dynamics taken needs its parameter dt renamed"):
        taken.discretised()
    with pytest.raises(TypeError, match="parameter W of cell wrong needs a declaration"):

        @dynamics
        def wrong(x, h, *, W):
            return W @ x - h


def test_a_discretised_cell_is_the_cell_written_by_hand(rng):
    @cell
    def by_hand(x, h, *, W=matrix("hidden", "input"), log_rate=vector("hidden")):
        rate = exp(log_rate)
        return h + 0.25 * (rate * (W @ x) - rate * h)

    x = rng.standard_normal((8, 2))
    genes = network_of(by_hand).initial(rng, 1)[0]
    mine, _ = states_of(decaying.discretised("euler", dt=0.25), genes, x)
    theirs, _ = states_of(by_hand, genes, x)
    np.testing.assert_allclose(mine["h"], theirs["h"], rtol=0, atol=1e-15)
