"""How far into the future must an error look, in a network of recursive filters?

The plant is Back and Tsoi's, a narrow recursive filter before a sine; the network has IIR filters
as synapses, one hidden layer of three units. Its gradient is computed with the rule of Back and
Tsoi (errors pass between layers without looking ahead, Q = 0), with CRBP over 4 steps, and exactly
(RBP). Everything else is the same: Adam, four networks side by side, 800 updates.

    python experiments/iir_identification.py --jobs 2

writes tables and figures to results/iir_identification/.
"""

import evornn as en
from evornn.gradient import CRBP, Adam, Train

LAYERS = en.cells.stack(
    en.cells.iir(4, 3),
    en.cells.iir(4, 3, inputs=3, activation="linear", units="output"),
)


def contender(horizon):
    """The same network and optimiser, with another horizon."""
    return Train(
        en.Network(LAYERS, hidden=3, readout=None),
        CRBP(horizon),
        Adam(learning_rate=0.01),
        stop=en.Stop(updates=800),
        population=4,
        clip_norm=1.0,
    )


experiment = en.Experiment(
    task=en.tasks.back_tsoi(),
    contenders={"back-tsoi": contender(0), "crbp-4": contender(4), "rbp": contender(None)},
    seeds=8,
)

if __name__ == "__main__":
    experiment.main()
