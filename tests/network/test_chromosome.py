"""The order of genes, and which weights have one."""

import re

import numpy as np
import pytest

from evornn.cells import elman, jordan, leaky, lstm, stack
from evornn.flow import Normal, Uniform, cell, matrix, scalar, tensor, vector
from evornn.flow.declare import Constant
from evornn.flow.language import bilinear, tanh
from evornn.network import Network
from evornn.network.chromosome import Chromosome


def test_the_genes_of_an_elman_network_stand_unit_by_unit():
    network = Network(elman, inputs=2, outputs=2, hidden=3)
    wanted = []
    for i in range(3):
        wanted += [f"W[{i},0]", f"W[{i},1]", f"U[{i},0]", f"U[{i},1]", f"U[{i},2]", f"b[{i}]"]
    for k in range(2):
        wanted += [f"V[{k},0]", f"V[{k},1]", f"V[{k},2]", f"c[{k}]"]
    assert network.map.names == wanted


def test_what_leads_into_one_unit_of_an_lstm_is_contiguous():
    network = Network(lstm, inputs=1, outputs=1, hidden=2)
    units = [re.match(r"(\w)\w*\[(\d)", name).groups() for name in network.map.names]
    owners = ["output" if letter in "Vc" else int(unit) for letter, unit in units]
    assert owners == sorted(owners, key=[0, 1, "output"].index)


def test_scalars_come_first_and_row_axes_in_order_of_first_use():
    @cell
    def mixed(
        x,
        h,
        *,
        c0=vector("output"),
        W=matrix("hidden", "input"),
        gain=scalar(1.0),
        bias=scalar(2.0),
        T=tensor("hidden", "hidden", "input"),
    ):
        return tanh(gain * (W @ x) + bias + bilinear(T, h, x))

    network = Network(mixed, inputs=1, outputs=1, hidden=2)
    assert network.map.names == [
        *("gain", "bias", "c0[0]", "V[0,0]", "V[0,1]", "c[0]"),
        *("W[0,0]", "T[0,0,0]", "T[0,1,0]", "W[1,0]", "T[1,0,0]", "T[1,1,0]"),
    ]


@pytest.mark.parametrize("built", [elman, lstm, stack(elman, lstm)], ids=["elman", "lstm", "stack"])
def test_a_name_tells_which_weight_a_gene_is(built, rng):
    network = Network(built, inputs=2, outputs=2, hidden=3, dtype="float64")
    genes = rng.standard_normal(network.genes)
    weights = network.unpack(genes)
    for gene, name in enumerate(network.map.names):
        letters, index = re.fullmatch(r"(\w+)\[([\d,]+)\]", name).groups()
        assert weights[letters][tuple(map(int, index.split(",")))] == genes[gene]


def test_masked_and_fixed_weights_have_no_genes(rng):
    mask = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    ring = elman.with_mask(U=mask).with_fixed(b=[0.5, 0.0, -0.25])
    network = Network(ring, inputs=2, outputs=1, hidden=3, dtype="float64")
    assert network.genes == 6 + 3 + 4
    assert [n for n in network.map.names if n[0] in "Ub"] == ["U[0,1]", "U[1,2]", "U[2,0]"]
    genes = rng.standard_normal((4, network.genes))
    weights = network.unpack(genes)
    assert np.all(weights["U"][:, mask == 0] == 0)
    assert np.all(weights["b"] == [0.5, 0.0, -0.25])
    np.testing.assert_array_equal(network.map.unpack(genes[2])["U"], weights["U"][2])
    again = network.pack({name: w[1] for name, w in weights.items()})
    np.testing.assert_array_equal(again, genes[1])


def test_a_fixed_scalar_is_no_gene_and_a_free_one_is():
    assert "leak" not in Network(leaky, inputs=1, outputs=1, hidden=1).map.names
    assert Network(jordan, inputs=1, outputs=1, hidden=2, readout=None).genes == 2 * 3 + 3

    @cell
    def free(x, h, *, W=matrix("hidden", "input"), leak=scalar(0.3)):
        return leak * (W @ x) + h

    network = Network(free, inputs=1, outputs=1, hidden=1)
    assert network.map.names[0] == "leak"
    assert network.initial(np.random.default_rng(0), 2)[:, 0] == pytest.approx(0.3)


def test_a_mask_may_be_a_function_of_the_shape():
    diagonal = elman.with_mask(U=lambda shape: np.eye(*shape, dtype=int))
    assert Network(diagonal, inputs=1, outputs=1, hidden=6).genes == 6 + 6 + 6 + 7


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            elman.with_mask(U=np.ones((2, 2))),
            "the mask of U needs shape (3, 3) for axes (hidden, hidden), got (2, 2)",
        ),
        (
            elman.with_mask(U=np.full((3, 3), 0.5)),
            "the mask of U needs entries 0 and 1 only, got others",
        ),
        (
            elman.with_fixed(b=np.ones(2)),
            "the fixed value of b needs shape (3,) or a single number, got (2,)",
        ),
    ],
)
def test_masks_and_fixed_values_need_the_shape_of_their_parameter(changed, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        _ = Network(changed, inputs=2, outputs=1, hidden=3).genes


def test_packing_says_which_weight_is_wrong():
    network = Network(elman.with_fixed(b=0.5), inputs=2, outputs=1, hidden=3)
    weights = network.unpack(np.zeros(network.genes))
    with pytest.raises(ValueError, match="pack needs the weights W, U, b, V, c, got W"):
        network.pack({"W": weights["W"]})
    with pytest.raises(ValueError, match=re.escape("weight U needs shape (3, 3), got (3,)")):
        network.pack({**weights, "U": np.zeros(3)})
    with pytest.raises(ValueError, match="weight b needs its masked or fixed entries unchanged"):
        network.pack({**weights, "b": np.zeros(3)})
    # The lists that a person types are weights too.
    assert network.pack({**weights, "V": [[1, 2, 3]]})[-4:].tolist() == [1, 2, 3, 0]


def test_weights_are_drawn_from_their_declared_distributions(rng):
    declared = elman.with_initial(W=Uniform(-2.0, -1.0), U=Normal(), b=Constant(3.0, noise=0.5))
    network = Network(declared, inputs=2, outputs=1, hidden=16, dtype="float64")
    weights = network.unpack(network.initial(rng, 400))
    assert -2 <= weights["W"].min() < -1.99
    assert -1.01 < weights["W"].max() <= -1
    assert weights["U"].std() == pytest.approx(1 / 4, rel=0.02)
    assert weights["b"].mean() == pytest.approx(3.0, abs=0.03)
    assert weights["b"].std() == pytest.approx(0.5, rel=0.05)
    assert weights["V"].std() == pytest.approx(1 / 4, rel=0.05)
    assert weights["c"].std() == pytest.approx(0.1, rel=0.1)


def test_a_chromosome_describes_its_weights():
    sizes = {"input": 2, "hidden": 3}
    parameters = {"W": matrix("hidden", "input"), "b": vector("hidden"), "a": scalar()}
    assert Chromosome(parameters, sizes).describe() == "W (3, 2), b (3), a"
