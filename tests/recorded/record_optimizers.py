"""Record how torch.optim walks down a small valley, for tests/gradient/test_optimizers.py.

Run with any Python that has torch (recorded with 2.13), from anywhere:
    python tests/recorded/record_optimizers.py
It writes optimizers.npz beside itself: the start and the gradients that every walk is fed with, and
for every case of CASES the weights after each update, axes (update, gene), float64; further norms
and clipped gradients of torch.nn.utils, and what the learning-rate schedulers answer.
"""

import pathlib

import numpy as np
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop, Rprop, lr_scheduler

UPDATES, GENES = 25, 7
CASES = {
    "sgd": (SGD, {"lr": 0.1}),
    "sgd_momentum": (SGD, {"lr": 0.1, "momentum": 0.9}),
    "sgd_nesterov": (SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    "rmsprop": (RMSprop, {"lr": 0.02}),
    "rmsprop_momentum": (RMSprop, {"lr": 0.02, "alpha": 0.9, "momentum": 0.7, "eps": 1e-6}),
    "rmsprop_centered": (
        RMSprop,
        {"lr": 0.02, "alpha": 0.95, "centered": True, "momentum": 0.5, "weight_decay": 0.1},
    ),
    "adam": (Adam, {"lr": 0.03}),
    "adam_decay": (Adam, {"lr": 0.03, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.2}),
    "adamw": (AdamW, {"lr": 0.03, "betas": (0.9, 0.99), "weight_decay": 0.2}),
    "rprop": (Rprop, {"lr": 0.05, "etas": (0.4, 1.3), "step_sizes": (1e-3, 0.2)}),
}
SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, step_size=4, gamma=0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=25, eta_min=0.1),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(
        o, factor=0.3, patience=2, threshold=0.01, min_lr=0.05, eps=0
    ),
}
ERRORS = [5.0, 4.0, 4.1, 3.99, 4.2, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0]


def walk(kind: type, settings: dict, start: torch.Tensor, slopes: torch.Tensor) -> np.ndarray:
    """The weights after every update; each gradient depends on the weights too."""
    weights = torch.nn.Parameter(start.clone())
    optimizer = kind([weights], foreach=False, **settings)
    path = []
    for slope in slopes:
        weights.grad = slope + 0.5 * weights.detach()
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    return np.array(path)


def rates(make: object) -> np.ndarray:
    """The learning rates that a scheduler answers, from a rate of 1."""
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, found = make(optimizer), []
    by_error = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
    for k in range(len(ERRORS) if by_error else UPDATES + 5):
        if by_error:
            scheduler.step(ERRORS[k])
        found.append(optimizer.param_groups[0]["lr"])
        if not by_error:
            optimizer.step()
            scheduler.step()
    return np.array(found)


def main() -> None:
    """Draw a start and gradients, walk with every optimiser, write the file."""
    torch.manual_seed(411)
    start = torch.randn(GENES, dtype=torch.float64)
    slopes = torch.randn(UPDATES, GENES, dtype=torch.float64)
    found = {"start": start.numpy(), "slopes": slopes.numpy(), "errors": np.array(ERRORS)}
    for name, (kind, settings) in CASES.items():
        found[name] = walk(kind, settings, start, slopes)
    for name, make in SCHEDULES.items():
        found[f"schedule_{name}"] = rates(make)
    norms, clipped = [], []
    for slope in slopes:
        weights = torch.nn.Parameter(start.clone())
        weights.grad = slope.clone()
        norms.append(torch.nn.utils.clip_grad_norm_([weights], 2.5).item())
        clipped.append(weights.grad.numpy().copy())
    found |= {"norms": np.array(norms), "clipped_by_norm": np.array(clipped)}
    np.savez(pathlib.Path(__file__).with_name("optimizers.npz"), **found)


if __name__ == "__main__":
    main()
