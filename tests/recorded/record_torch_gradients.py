"""Record gradients of torch.nn.RNN, LSTM and GRU, for tests/gradient/test_torch_gradients.py.

Run with any Python that has torch (recorded with 2.13), from anywhere:
    python tests/recorded/record_torch_gradients.py
It writes torch_gradients.npz beside itself, all float64: two sequences x_<k> (time, input) of
different lengths with targets y_<k> and masks m_<k> (time, output); for every module its weights as
torch names them, a linear readout V, c, the loss (the squared error's mean over masked entries of
both sequences), and the derivative of the loss by each weight, under grad_<name>.
"""

import pathlib

import numpy as np
import torch

LENGTHS, INPUTS, HIDDEN, OUTPUTS = (9, 5), 3, 4, 2


def main() -> None:
    """Draw weights and sequences, differentiate, write the file."""
    torch.manual_seed(20241)
    double = {"dtype": torch.float64}
    recorded: dict[str, torch.Tensor] = {}
    for k, steps in enumerate(LENGTHS):
        recorded[f"x_{k}"] = torch.randn(steps, INPUTS, **double)
        recorded[f"y_{k}"] = torch.randn(steps, OUTPUTS, **double)
        recorded[f"m_{k}"] = torch.rand(steps, OUTPUTS) < 0.6
    for name, kind in (("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)):
        module = kind(INPUTS, HIDDEN, **double)
        readout = torch.nn.Linear(HIDDEN, OUTPUTS, **double)
        total, count = torch.zeros((), **double), 0
        for k in range(len(LENGTHS)):
            mask = recorded[f"m_{k}"]
            outputs = readout(module(recorded[f"x_{k}"])[0])
            total = total + ((outputs - recorded[f"y_{k}"])[mask] ** 2).sum()
            count += int(mask.sum())
        loss = total / count
        loss.backward()
        recorded[f"{name}_loss"] = loss.detach()
        weights = {w.removesuffix("_l0"): value for w, value in module.named_parameters()}
        weights |= {"V": readout.weight, "c": readout.bias}
        for weight, value in weights.items():
            recorded[f"{name}_{weight}"] = value.detach()
            recorded[f"{name}_grad_{weight}"] = value.grad
    path = pathlib.Path(__file__).with_name("torch_gradients.npz")
    np.savez_compressed(path, **{name: value.numpy() for name, value in recorded.items()})


if __name__ == "__main__":
    main()
