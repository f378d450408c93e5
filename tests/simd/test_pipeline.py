"""Kernels are compiled without some of Numba's passes: lanes must compute as with all of them."""

import re
import types

import evornn as en
from evornn.simd.pipeline import KernelCompiler


def compiled(source, arguments):
    """The loops of a kernel's source, compiled for such arguments."""
    module = types.ModuleType("kernel_under_test")
    exec(compile(source.format(cache=False), "<kernel>", "exec"), module.__dict__)
    module.run(*arguments)
    return module.run


def operations(run):
    """The machine code's vector operations in their order, without registers and addresses."""
    text = run.inspect_asm(run.signatures[0])
    return re.findall(r"^\t(v[a-z]\w*)", text, re.MULTILINE)


def test_the_vector_operations_are_those_of_all_passes(rng, monkeypatch):
    network = en.Network(en.cells.elman, inputs=1, outputs=1, hidden=3, dtype="float64")
    network = network.with_chromosome(rng.normal(size=network.genes))
    kernel, given = network.many_sequences, []
    monkeypatch.setattr(kernel, "_run", lambda *arguments: given.append(arguments))
    network.predict(list(rng.normal(size=(4, 5, 1))))
    fewer = compiled(kernel.source, given[0])
    every = compiled(kernel.source.replace(", pipeline_class=KernelCompiler", ""), given[0])
    assert fewer._compiler.pipeline_class is KernelCompiler
    assert every._compiler.pipeline_class is not KernelCompiler
    assert operations(fewer) == operations(every)
    assert len(operations(fewer)) > 100
