"""Record what torch.nn.LSTM, GRU and RNN answer, for tests/cells/test_torch.py.

Run with any Python that has torch (recorded with 2.13), from anywhere:
    python tests/recorded/record_torch.py
It writes torch_cells.npz beside itself: for every module its weights as torch names them, the
input (time, input), the initial state 0, and the outputs (time, hidden), all float64.
"""

import pathlib

import numpy as np
import torch

STEPS, INPUTS, HIDDEN = 7, 3, 4


def main() -> None:
    """Draw weights and an input, run the modules, write the file."""
    torch.manual_seed(20240)
    recorded = {"x": torch.randn(STEPS, INPUTS, dtype=torch.float64)}
    for name, kind in (("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU), ("rnn", torch.nn.RNN)):
        module = kind(INPUTS, HIDDEN, dtype=torch.float64)
        with torch.no_grad():
            outputs, last = module(recorded["x"])
        recorded[f"{name}_outputs"] = outputs
        if name == "lstm":
            recorded["lstm_last_cell"] = last[1][0]
        for weight, value in module.named_parameters():
            recorded[f"{name}_{weight.removesuffix('_l0')}"] = value.detach()
    path = pathlib.Path(__file__).with_name("torch_cells.npz")
    np.savez(path, **{name: value.numpy() for name, value in recorded.items()})


if __name__ == "__main__":
    main()
