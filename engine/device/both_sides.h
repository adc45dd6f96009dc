#pragma once
// Marks functions that are compiled twice from one text: into the program for the CPU, and by nvcc for the
// GPU (nodes/kernels/cuda). What such a function computes is tested on the CPU. With multiply and add joined
// only where it says fmaf, the GPU's bits are the same: IEEE arithmetic is exact to the last one on both.
#ifdef __CUDACC__
#define LOOM_BOTH_SIDES __host__ __device__ __forceinline__
#else
#define LOOM_BOTH_SIDES __attribute__((always_inline)) inline
#endif
