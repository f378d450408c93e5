"""SIMD lanes: from a graph to compiled kernels that run many networks side by side."""
