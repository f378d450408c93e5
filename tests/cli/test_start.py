"""`evornn run` and `evornn resume`: a script and its results folder start the same thing."""


