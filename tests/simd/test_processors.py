"""The same bits on other processors: kernels compiled for older ones, run on this one."""

import platform

import pytest

SCRIPT = """
import hashlib
import numpy as np
import evornn as en
rng = np.random.default_rng(0)
for dtype in ("float32", "float64"):
    network = en.Network(en.cells.gru, hidden=5, inputs=1, outputs=1, dtype=dtype)
    genes, x = network.initial(rng, 20), [rng.normal(size=(40, 1))]
    print(hashlib.sha256(en.Evaluator(network, x, x).mse(genes).tobytes()).hexdigest())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the processors named are x86-64")
@pytest.mark.parametrize(
    ("name", "features"),
    [("haswell", "+avx2,+fma,+sse4.2,+popcnt,+bmi,+bmi2"), ("nehalem", "+sse4.2,+popcnt")],
)
def test_a_kernel_for_an_older_processor_gives_the_same_bits(
    name, features, in_new_process, tmp_path
):
    older = in_new_process(
        SCRIPT,
        NUMBA_CPU_NAME=name,
        NUMBA_CPU_FEATURES=features,
        EVORNN_CACHE=str(tmp_path),
    )
    assert older == in_new_process(SCRIPT)
