#pragma once
// A function marked LOOM_FOR_EVERY_CPU is compiled for several instruction sets; the program takes the best
// one its machine has. Not under AddressSanitizer, which the choice comes too early for.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define LOOM_FOR_EVERY_CPU __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LOOM_FOR_EVERY_CPU
#endif
