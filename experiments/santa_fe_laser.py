"""Evolve a small Elman network that predicts a chaotic laser one step ahead."""

import evornn as en

experiment = en.Experiment(
    task=en.tasks.santa_fe_laser(horizon=1),
    contenders={
        "elman-ga": en.Evolve(
            en.Network(en.cells.elman, hidden=16),
            en.GA(population=512),
            stop=en.Stop(generations=600),
        ),
        "lstm-ga": en.Evolve(
            en.Network(en.cells.lstm, hidden=8),
            en.GA(population=512),
            stop=en.Stop(generations=600),
        ),
    },
    seeds=4,
)

if __name__ == "__main__":
    experiment.main()
