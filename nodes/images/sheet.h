#pragma once
// Many pictures laid out as one, in rows and columns of equal cells. Free functions, safe on any thread.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace loom {

struct SheetLayout {
  int64_t columns = 0;  // 0: as near to a square as it goes
  int64_t gap = 0;      // pixels between cells, and around them where `frame` is set
  bool frame = false;
  double background = 1;  // 0 black to 1 white
  int64_t scale = 1;      // each pixel becomes scale x scale
};

/// ceil(sqrt(count)): the columns of a sheet as near to a square as it goes, wider rather than higher.
int64_t squareColumns(int64_t count);

/// pictures float [B, C, H, W] -> [C, H', W'] with, for r rows and c columns, W' = c W scale + (c - 1) gap,
/// plus 2 gap with a frame; H' likewise. Throws Error when the sheet would be larger than a picture may be.
at::Tensor sheet(const at::Tensor& pictures, const SheetLayout& layout);

/// One row of cells from each [B, C, H, W], any sizes: a cell is as large as the largest picture, smaller
/// ones are in its middle; grey beside colour becomes RGB. `columns` folds longer rows.
at::Tensor sheetOfRows(const std::vector<at::Tensor>& rows, const SheetLayout& layout);

}  // namespace loom
