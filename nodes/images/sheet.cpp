#include "nodes/images/sheet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/values/tensors.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

struct Grid {
  int64_t rows = 0, columns = 0, cellHeight = 0, cellWidth = 0, channels = 0;
};

at::Tensor enlarged(const at::Tensor& picture, int64_t scale) {
  if (scale == 1) return picture;
  return picture.repeat_interleave(scale, 1).repeat_interleave(scale, 2);
}

at::Tensor emptySheet(const Grid& grid, const SheetLayout& layout, const at::TensorOptions& options) {
  const int64_t edge = layout.frame ? layout.gap : -layout.gap;
  const int64_t width = grid.columns * (grid.cellWidth * layout.scale + layout.gap) + edge;
  const int64_t height = grid.rows * (grid.cellHeight * layout.scale + layout.gap) + edge;
  if (width > kMostPictureSide || height > kMostPictureSide || width * height > kMostPicturePixels)
    throw Error("the sheet would be " + std::to_string(width) + "×" + std::to_string(height) +
                " pixels, more than the " + std::to_string(kMostPictureSide) + " a side or " +
                std::to_string(kMostPicturePixels >> 20) +
                " million in all that a picture may have; use a smaller scale or fewer pictures");
  return at::full({grid.channels, height, width}, layout.background, options);
}

void place(const at::Tensor& sheet, const Grid& grid, const SheetLayout& layout, int64_t row, int64_t column,
           const at::Tensor& picture) {
  const at::Tensor large = enlarged(picture, layout.scale);
  const int64_t edge = layout.frame ? layout.gap : 0;
  const int64_t cellH = grid.cellHeight * layout.scale, cellW = grid.cellWidth * layout.scale;
  const int64_t top = edge + row * (cellH + layout.gap) + (cellH - large.size(1)) / 2;
  const int64_t left = edge + column * (cellW + layout.gap) + (cellW - large.size(2)) / 2;
  sheet.narrow(1, top, large.size(1))
      .narrow(2, left, large.size(2))
      .copy_(large.expand({grid.channels, -1, -1}));
}

void checkLayout(const SheetLayout& layout) {
  if (layout.columns < 0 || layout.gap < 0 || layout.scale < 1)
    throw Error("a sheet's columns and gap are 0 or more and its scale is 1 or more");
}

}  // namespace

int64_t squareColumns(int64_t count) {
  auto columns = static_cast<int64_t>(std::sqrt(static_cast<double>(count)));
  while (columns * columns < count) ++columns;
  return std::max<int64_t>(columns, 1);
}

at::Tensor sheet(const at::Tensor& pictures, const SheetLayout& layout) {
  checkLayout(layout);
  if (!pictures.defined() || pictures.dim() != 4 || pictures.size(0) < 1)
    throw Error("a sheet is made of one picture or more, [B, C, H, W], not of " + describe(pictures));
  const int64_t count = pictures.size(0);
  const int64_t columns = std::min(count, layout.columns ? layout.columns : squareColumns(count));
  const Grid grid{(count + columns - 1) / columns, columns, pictures.size(2), pictures.size(3),
                  pictures.size(1)};
  const at::Tensor out = emptySheet(grid, layout, pictures.options());
  for (int64_t i = 0; i < count; ++i) place(out, grid, layout, i / columns, i % columns, pictures[i]);
  return out;
}

at::Tensor sheetOfRows(const std::vector<at::Tensor>& rows, const SheetLayout& layout) {
  checkLayout(layout);
  Grid grid;
  for (const at::Tensor& row : rows) {
    if (!row.defined() || row.dim() != 4 || row.size(0) < 1)
      throw Error("a row of a sheet is one picture or more, [B, C, H, W], not " + describe(row));
    grid.columns = std::max(grid.columns, row.size(0));
    grid.cellHeight = std::max(grid.cellHeight, row.size(2));
    grid.cellWidth = std::max(grid.cellWidth, row.size(3));
    grid.channels = std::max(grid.channels, row.size(1));
  }
  if (rows.empty()) throw Error("a sheet is made of one picture or more");
  if (layout.columns) grid.columns = std::min(grid.columns, layout.columns);
  for (const at::Tensor& row : rows) {
    if (row.size(1) != 1 && row.size(1) != grid.channels)
      throw Error("pictures of " + std::to_string(row.size(1)) + " and of " + std::to_string(grid.channels) +
                  " channels don't go on one sheet");
    grid.rows += (row.size(0) + grid.columns - 1) / grid.columns;
  }
  const at::Tensor out = emptySheet(grid, layout, rows.front().options());
  int64_t at = 0;
  for (const at::Tensor& row : rows) {
    for (int64_t i = 0; i < row.size(0); ++i)
      place(out, grid, layout, at + i / grid.columns, i % grid.columns, row[i].to(out.device()));
    at += (row.size(0) + grid.columns - 1) / grid.columns;
  }
  return out;
}

}  // namespace loom
