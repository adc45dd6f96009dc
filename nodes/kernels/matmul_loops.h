#pragma once
// Matrix products whose right side lies in panels of 16 columns, each panel dense: what the loops of this
// folder write anyway. Libraries lay their right side out anew in every call, which for few rows takes as
// long as the product. No tensors here.
#include <cstdint>

namespace loom::loops {

constexpr int64_t kPanel = 16;  // columns of a panel

/// C = A · B: A [rows][K], its rows lda floats apart; B [K][16]; C [rows][16], its rows ldc apart.
void multiplyPanel(const float* A, int64_t lda, int64_t rows, int64_t K, const float* B, float* C,
                   int64_t ldc);

/// C += Aᵀ · B: A [K][rows], its rows lda floats apart; B [K][16]; C [rows][16], dense.
void multiplyTransposed(const float* A, int64_t lda, int64_t rows, int64_t K, const float* B, float* C);

}  // namespace loom::loops
