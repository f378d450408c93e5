"""A saved liquid state machine comes back and answers as before."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from evornn.liquid import (
    LIF,
    MAASS_2002,
    AdaptiveLIF,
    CountFilter,
    ExponentialFilter,
    FilterBank,
    Izhikevich,
    LatencyEncoder,
    Liquid,
    LiquidStateMachine,
    PoissonEncoder,
    PopulationEncoder,
    RateEncoder,
    Synapses,
)
from evornn.network.saved import write_saved
from evornn.readout import RLS, Logistic, Ridge


@pytest.fixture(scope="module")
def signals():
    rng = np.random.default_rng(2)
    return [rng.uniform(0, 1, (60, 1)) for _ in range(8)]


def small(neurons, inputs, **settings):
    """Twelve neurons that inputs reach strongly."""
    rng = np.random.default_rng(3)
    count = 12
    ends = rng.integers(count, size=(2, 30))
    entry = np.divmod(np.arange(count * inputs), count)
    return Liquid(
        neurons,
        count,
        Synapses(*ends, rng.normal(0, 5, 30), 1.0),
        Synapses(*entry, 20.0, 0.4, 0.5, 100.0, 80.0),
        inputs,
        **settings,
    )


MACHINES = {
    "preset": lambda: LiquidStateMachine(
        MAASS_2002.draw(1, inputs=4), Ridge(0.1, intercept=False), sample_ms=20.0, washout_ms=25.0,
        encoder=PopulationEncoder(units=4, each=PoissonEncoder(most_hz=300.0)), seed=5,
    ),
    "adaptive": lambda: LiquidStateMachine(
        small(AdaptiveLIF(background_nA=np.linspace(14, 20, 12)), 1, dtype="float32"),
        Ridge("loo"), filter=CountFilter(15.0), encoder=RateEncoder(most_hz=200.0), pooling="mean",
        sample_ms=30.0,
    ),
    "izhikevich": lambda: LiquidStateMachine(
        small(Izhikevich(background_nA=6), 1, dt_ms=0.5, tau_excitatory_ms=4.0),
        filter=FilterBank((10.0, 40.0)), encoder=LatencyEncoder(window_ms=1.0), pooling="samples",
        sample_ms=30.0,
    ),
    "online": lambda: LiquidStateMachine(
        small(LIF(background_nA=16.0), 1), RLS(), filter=ExponentialFilter(9.0),
        encoder=PoissonEncoder(most_hz=200.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_a_saved_machine_answers_as_before(name, signals, tmp_path):
    machine = MACHINES[name]()
    rng = np.random.default_rng(4)
    shape = (2, 2) if machine.pooling is None else (2,)
    targets = [rng.normal(size=shape) for _ in signals]
    machine.fit(signals, targets)
    assert np.ptp(machine.states(signals)) > 0
    path = tmp_path / "machine.safetensors"
    machine.save(path)
    again = LiquidStateMachine.load(path)
    np.testing.assert_array_equal(again.states(signals), machine.states(signals))
    np.testing.assert_array_equal(again.predict(signals), machine.predict(signals))
    refitted = again.fit(signals, targets)
    if name != "online":  # what learned is not kept, only what was learned
        np.testing.assert_array_equal(refitted.predict(signals), machine.predict(signals))


@pytest.mark.parametrize("readout", [Logistic(0.3), Ridge(1.0)])
@pytest.mark.parametrize("labels", [["no", "yes"], [3, 7], [True, False]])
def test_a_saved_classifier_gives_the_same_labels(readout, labels, signals, tmp_path):
    liquid = small(LIF(background_nA=16.0), 1)
    encoder = PoissonEncoder(most_hz=200.0)
    machine = LiquidStateMachine(liquid, readout, classify=True, encoder=encoder)
    wanted = np.array(labels * 4)
    machine.fit(signals, wanted).save(tmp_path / "machine")
    again = LiquidStateMachine.load(tmp_path / "machine", jobs=2)
    found = again.predict(signals)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, machine.predict(signals))
    if isinstance(readout, Logistic):
        states = machine.states(signals)
        kept = again.readout.probabilities(states)
        np.testing.assert_array_equal(kept, machine.readout.probabilities(states))


def test_the_liquid_comes_back_whole(signals, tmp_path):
    machine = MACHINES["preset"]()
    machine.fit(signals, [np.zeros((2, 1)) + k for k in range(8)]).save(tmp_path / "m", note="mine")
    liquid = LiquidStateMachine.load(tmp_path / "m").liquid
    np.testing.assert_array_equal(liquid.positions, machine.liquid.positions)
    np.testing.assert_array_equal(liquid.inhibitory, machine.liquid.inhibitory)
    np.testing.assert_array_equal(liquid.synapses.target, machine.liquid.synapses.target)
    assert not liquid.input_synapses.dynamic


class Doubled:
    """An encoder of one's own."""

    def encode(self, signal, rng):
        return RateEncoder(most_hz=200.0).encode(signal)


class Known:
    """A readout without weights."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": Doubled()}, "only the encoders of evornn.liquid can be saved, got Doubled."),
        ({"readout": Known()}, "only linear readouts are saved, .* got Known."),
    ],
)
def test_what_is_no_numbers_is_not_saved(settings, message, signals, tmp_path):
    given = {"encoder": RateEncoder(most_hz=200.0), **settings}
    machine = LiquidStateMachine(small(LIF(), 1), **given).fit(signals, np.arange(8.0))
    with pytest.raises(ValueError, match=message):
        machine.save(tmp_path / "machine")
    assert not list(tmp_path.iterdir())


def test_only_fitted_machines_are_saved(tmp_path):
    with pytest.raises(ValueError, match="needs to be fitted first; call `fit`"):
        LiquidStateMachine(small(LIF(), 1)).save(tmp_path / "machine")


def test_other_files_are_refused(signals, tmp_path):
    text, other = tmp_path / "text", tmp_path / "other"
    text.write_text("a text")
    with pytest.raises(ValueError, match="text is no saved network"):
        LiquidStateMachine.load(text)
    write_saved(other, {"kind": "echo state network"}, {"w": np.zeros(1)}, {})
    with pytest.raises(ValueError, match=r"holds no liquid state machine; Network.load reads"):
        LiquidStateMachine.load(other)
    with pytest.raises(FileNotFoundError):
        LiquidStateMachine.load(tmp_path / "none")


def test_a_damaged_file_is_told_as_such(signals, tmp_path):
    path = tmp_path / "machine"
    MACHINES["online"]().fit(signals, np.arange(8.0)).save(path)
    arrays = load_file(path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    del arrays["readout.bias"]
    save_file(arrays, path, metadata)
    with pytest.raises(ValueError, match=r"is damaged: 'readout\.bias' is wrong"):
        LiquidStateMachine.load(path)
