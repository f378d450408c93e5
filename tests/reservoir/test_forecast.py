"""Free running: the compiled loop against the same loop by hand, and files."""

import numpy as np
import pytest

from evornn import cells
from evornn.readout import Logistic
from evornn.reservoir import ESN, CellReservoir, Layer

TIME = np.arange(1200)
SERIES = np.stack([np.sin(TIME * 0.2), np.cos(TIME * 0.311)], axis=1)
TRAIN = SERIES[:800]
SETTINGS = {
    "one layer": {},
    "deep": {"units": (40, 30), "leak": 0.7},
    "squares": {"transform": "squares"},
    "alternate": {"transform": "alternate"},
    "states alone": {"inputs_to_readout": False},
    "lane-blocked": {"topology": "lane-blocked"},
    "edge of stability": {"equation": "es2n", "leak": 0.2},
    "external": {"equation": "external", "leak": 0.6},
}
DEFAULTS = {"units": 60, "bias_scaling": 0.3, "input_scaling": 0.4, "seed": 1}


def made(**settings):
    return ESN(**{**DEFAULTS, **settings})


def by_hand(esn, u, steps):
    """Free running after hearing u, one predict over the whole past for every step."""
    past = u
    for _ in range(steps):
        past = np.vstack([past, esn.predict(past)[-1]])
    return past[len(u) :]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_a_forecast_is_the_loop_by_hand(settings):
    esn = made(**settings).fit(TRAIN)
    expected = by_hand(esn, TRAIN, 12)
    np.testing.assert_allclose(esn.forecast(12), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(esn.forecast(12), SERIES[800:812], rtol=0, atol=0.02)
    np.testing.assert_array_equal(esn.forecast(12), esn.forecast(12))
    context = SERIES[300:500]
    np.testing.assert_allclose(
        esn.forecast(12, context=context), by_hand(esn, context, 12), rtol=0, atol=1e-9
    )


def test_a_forecast_goes_on_from_the_training_series():
    esn = made().fit(TRAIN)
    np.testing.assert_allclose(
        esn.forecast(30), esn.forecast(30, context=TRAIN), rtol=0, atol=1e-10
    )
    assert np.abs(esn.forecast(100) - SERIES[800:900]).max() < 0.05


def test_inputs_and_targets_apart_forecast_like_the_series():
    series, apart = made().fit(TRAIN), made().fit(TRAIN[:-1], TRAIN[1:])
    np.testing.assert_array_equal(series.forecast(9), apart.forecast(9))


def test_a_function_as_transform_and_a_curved_readout_run_step_by_step():
    squares = made(transform=lambda x: np.hstack([x, x * x])).fit(TRAIN)
    np.testing.assert_allclose(
        squares.forecast(12), made(transform="squares").fit(TRAIN).forecast(12), rtol=0, atol=1e-9
    )


def test_inputs_without_an_output_come_from_outside():
    # The first column follows both; the second is told during the forecast.
    u = SERIES.copy()
    esn = made().fit(u[:800], u[1:801, :1])
    told = esn.forecast(20, inputs=u[801:821, 1])
    past = u[:801].copy()
    past[800, 0] = u[800, 0]
    answers = []
    outside = u[801:821, 1]
    heard = np.vstack([u[:800], [u[800, 0], outside[0]]])
    for k in range(20):
        answer = esn.predict(heard)[-1]
        answers.append(answer)
        if k < 19:
            heard = np.vstack([heard, [answer[0], outside[k + 1]]])
    np.testing.assert_allclose(told, answers, rtol=0, atol=1e-9)
    kept = esn.forecast(5)
    np.testing.assert_allclose(kept, esn.forecast(5, inputs=np.full(5, u[799, 1])), atol=1e-12)


# --- output feedback ------------------------------------------------------------------------


def fed_by_hand(esn, y, steps, u=None, more=None):
    """Hear y, then go on: the reservoir's equation and readout written out."""
    layer = esn.front.stack.layers[0]
    x, fed = np.zeros(layer.units), np.zeros(esn.outputs)
    u = np.zeros((len(y), 0)) if u is None else u
    more = np.zeros((steps, 0)) if more is None else more
    out = []
    for t, heard in enumerate(np.vstack([u, more])):
        z = layer.W.dense() @ x + layer.W_in @ heard + layer.W_fb @ fed + layer.bias[: layer.units]
        x = np.tanh(z)
        answer = np.concatenate([x, heard]) @ esn.readout.weights + esn.readout.bias
        fed = y[t] if t < len(y) else answer
        out.append(answer)
    return np.array(out)[len(y) :]


def test_a_network_that_hears_only_itself_goes_on():
    y = SERIES[:, :1]
    esn = made(feedback=True, feedback_scaling=0.5, noise=1e-5).fit(None, y[:800])
    np.testing.assert_allclose(esn.forecast(12), fed_by_hand(esn, y[:800], 12), rtol=0, atol=1e-8)
    assert np.abs(esn.forecast(100) - y[800:900]).max() < 0.05
    told = esn.predict(None, teacher=y[:800])
    assert np.abs(told - y[:800])[100:].max() < 0.01
    with pytest.raises(ValueError, match=r"generate\(steps\) needs neither"):
        esn.predict(None)
    again = esn.forecast(12, teacher=y[:800])
    np.testing.assert_allclose(again, esn.forecast(12), rtol=0, atol=1e-10)


def test_feedback_beside_inputs():
    u, y = SERIES[:, :1], np.roll(SERIES[:, 1:], 1, axis=0)
    esn = made(feedback=True, noise=1e-4).fit(u[:800], y[:800])
    more = u[800:820]
    expected = fed_by_hand(esn, y[:800], 20, u[:800], more)
    np.testing.assert_allclose(esn.forecast(20, inputs=more), expected, rtol=0, atol=1e-8)
    given = esn.forecast(20, inputs=more, context=u[:800], teacher=y[:800])
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-8)


def test_predictions_with_feedback_hear_themselves_or_a_teacher():
    u, y = SERIES[:, :1], np.roll(SERIES[:, 1:], 1, axis=0)
    esn = made(feedback=True, noise=1e-3).fit(u[:800], y[:800])
    alone = esn.predict(u[:30])
    expected = fed_by_hand(esn, np.zeros((0, 1)), 30, np.zeros((0, 1)), u[:30])
    np.testing.assert_allclose(alone, expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(alone, esn.generate(30, inputs=u[:30]), rtol=0, atol=1e-12)
    taught = esn.predict(u[:800], teacher=y[:800])
    assert np.mean((taught - y[:800])[100:] ** 2) < 1e-3


# --- generating -----------------------------------------------------------------------------


def test_a_generated_series_starts_from_a_clean_state():
    esn = made().fit(TRAIN)
    start = TRAIN[100]
    expected = by_hand(esn, start[None], 10)
    np.testing.assert_allclose(esn.generate(10, start=start), expected, rtol=0, atol=1e-9)


def test_noise_while_generating_is_heard_and_repeatable():
    esn = made().fit(TRAIN)
    quiet, noisy = esn.generate(10), esn.generate(10, noise=0.1, seed=3)
    np.testing.assert_array_equal(quiet[0], noisy[0])  # the first output hears no noise yet
    assert np.abs(quiet[1:] - noisy[1:]).min() > 0
    np.testing.assert_array_equal(noisy, esn.generate(10, noise=0.1, seed=3))


# --- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [*SETTINGS.values(), {"topology": "cycle"}, {"topology": "hadamard", "units": 64}],
    ids=[*SETTINGS, "cycle", "hadamard"],
)
def test_a_saved_esn_answers_and_goes_on_as_before(settings, tmp_path):
    esn = made(**settings).fit(TRAIN)
    esn.save(tmp_path / "esn.safetensors", note="kept")
    loaded = ESN.load(tmp_path / "esn.safetensors")
    np.testing.assert_array_equal(loaded.predict(TRAIN), esn.predict(TRAIN))
    np.testing.assert_array_equal(loaded.forecast(50), esn.forecast(50))
    np.testing.assert_array_equal(loaded.fit(TRAIN).forecast(50), esn.forecast(50))


@pytest.mark.parametrize("readout", [None, Logistic()], ids=["ridge", "logistic"])
def test_a_saved_classifier_tells_the_same(readout, rng, tmp_path):
    sequences = [rng.uniform(-1, 1, (12, 1)) + k % 3 for k in range(30)]
    names = np.array(["low", "mid", "top"])[np.arange(30) % 3]
    esn = made(pooling="mean", classify=True, readout=readout).fit(sequences, names)
    esn.save(tmp_path / "esn.safetensors")
    loaded = ESN.load(tmp_path / "esn.safetensors")
    np.testing.assert_array_equal(loaded.predict(sequences), esn.predict(sequences))
    assert (esn.predict(sequences) == names).all()


def test_a_saved_network_with_feedback_and_one_in_both_directions_come_back(tmp_path):
    y = SERIES[:, :1]
    fed = made(feedback=True).fit(None, y[:800])
    both = made(bidirectional=True).fit(TRAIN, TRAIN[::-1])
    for esn in (fed, both):
        esn.save(tmp_path / "esn.safetensors")
        loaded = ESN.load(tmp_path / "esn.safetensors")
        if esn is fed:
            np.testing.assert_array_equal(loaded.forecast(40), esn.forecast(40))
        else:
            np.testing.assert_array_equal(loaded.predict(TRAIN), esn.predict(TRAIN))


# --- errors ---------------------------------------------------------------------------------


def test_what_cannot_run_free_is_told():
    two_outputs = made().fit(TRAIN[:, :1], TRAIN)
    with pytest.raises(ValueError, match="an input for every output, got 1 inputs and 2 outputs"):
        two_outputs.forecast(3)
    with pytest.raises(ValueError, match="a bidirectional network cannot run free"):
        made(bidirectional=True).fit(TRAIN).forecast(3)
    with pytest.raises(ValueError, match="not labels or pooling"):
        made(classify=True).fit(TRAIN, TIME[:800] % 2).forecast(3)
    with pytest.raises(ValueError, match="a CellReservoir runs free with a linear readout"):
        ESN(layers=CellReservoir(cells.elman, hidden=5), transform="squares").fit(TRAIN).forecast(3)
    cell = ESN(layers=CellReservoir(cells.elman, hidden=5)).fit(TRAIN)
    for free in (cell.forecast, cell.generate):
        with pytest.raises(
            ValueError, match="a CellReservoir runs free alone: without inputs from"
        ):
            free(3, inputs=np.zeros((3, 0)))
    esn = made().fit(TRAIN)
    with pytest.raises(ValueError, match="free running needs at least 1 step, got 0"):
        esn.forecast(0)
    with pytest.raises(ValueError, match=r"inputs need axes \(3, 0\).* got shape \(2, 1\)"):
        esn.forecast(3, inputs=np.zeros((2, 1)))
    wide = made().fit(TRAIN, TRAIN[:, :1])
    with pytest.raises(ValueError, match="inputs during free running need finite numbers, got NaN"):
        wide.forecast(3, inputs=np.full((3, 1), np.nan))
    for start in (np.nan, [0.1, np.nan], np.zeros(3)):
        with pytest.raises(ValueError, match="start needs a finite number for each of 2 outputs"):
            esn.generate(3, start=start)
    with pytest.raises(ValueError, match="teacher belongs to networks with feedback"):
        esn.forecast(3, teacher=TRAIN)
    with pytest.raises(ValueError, match="teacher belongs to networks with feedback"):
        esn.predict(TRAIN, teacher=TRAIN)
    fed = made(feedback=True).fit(TRAIN[:, :1], TRAIN[:, 1:])
    with pytest.raises(ValueError, match="with feedback a context needs its outputs"):
        fed.forecast(3, context=TRAIN[:, :1])
    with pytest.raises(ValueError, match="states of a network with feedback depend on its outputs"):
        fed.states(TRAIN[:, :1])


def test_what_cannot_be_saved_or_read_is_told(tmp_path):
    path = tmp_path / "esn.safetensors"
    with pytest.raises(ValueError, match="this ESN needs to be fitted first"):
        made().save(path)
    with pytest.raises(ValueError, match="a transform that is a function cannot be saved"):
        made(transform=np.abs).fit(TRAIN).save(path)
    cell = ESN(layers=CellReservoir(cells.elman, hidden=5), inputs_to_readout=False).fit(TRAIN)
    cell.front.reservoir.with_readout(cell.readout.weights, cell.readout.bias).save(path)
    with pytest.raises(ValueError, match="holds no echo state network; Network"):
        ESN.load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is no saved network"):
        ESN.load(path)


def test_a_ready_layer_forecasts_with_sparse_input_weights(rng):
    import scipy.sparse

    W_in = scipy.sparse.csr_array(rng.uniform(-1, 1, (40, 2)) * (rng.random((40, 2)) < 0.2))
    W = 0.8 * np.roll(np.eye(40), 1, axis=0)
    sparse, dense = (ESN(layers=[Layer(W, w)]).fit(TRAIN) for w in (W_in, W_in.toarray()))
    np.testing.assert_allclose(sparse.forecast(8), dense.forecast(8), rtol=0, atol=1e-7)
