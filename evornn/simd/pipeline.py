"""How kernels are compiled: by Numba's passes but for those that generated source does not need."""

from __future__ import annotations

from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes, ReconstructSSA

# A kernel has no closures and no expressions of whole arrays, and each of its variables keeps one
# type, so that LLVM's own single assignment form is enough. The machine code is the same; of the
# time to compile the gradient of an LSTM these passes took a fifth.
NOT_NEEDED = (InlineClosureLikes, ReconstructSSA, NopythonRewrites)


class KernelCompiler(CompilerBase):
    """Numba's pipeline without `NOT_NEEDED`."""

    def define_pipelines(self) -> list[PassManager]:
        """The one pipeline; a function that it cannot compile is refused."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [one for one in manager.passes if one[0] not in NOT_NEEDED]
        manager.finalize()
        return [manager]
