#include "nodes/images/film_strip_layout.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "nodes/images/caption.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

int64_t heightOf(const StripRow& row) { return row.pictures.front().size(1); }
int64_t widthOf(const StripRow& row) { return row.pictures.front().size(2); }

/// Where everything goes, in pixels of the strip.
class Strip {
 public:
  Strip(const std::vector<StripRow>& rows, const StripLook& look) : rows_(rows), look_(look) {
    int64_t narrowest = widthOf(rows.front()) * look.scale, names = 0;
    for (const StripRow& row : rows) {
      narrowest = std::min(narrowest, widthOf(row) * look.scale);
      names = std::max(names, captionWidth(row.name));
    }
    letter_ = std::clamp<int64_t>(narrowest / 48, 1, 4);
    left_ = look.gap + (names ? names * letter_ + 2 * look.gap : 0);
    measure();
  }

  at::Tensor draw() const {
    at::Tensor strip = at::full({3, height_, width_}, look_.background);
    const float ink = look_.background > 0.5 ? 0.2f : 0.85f;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const StripRow& row = rows_[i];
      const int64_t tileW = widthOf(row) * look_.scale, tileH = heightOf(row) * look_.scale;
      drawCaption(strip, row.name, look_.gap, tops_[i] + (tileH - kCaptionHeight * letter_) / 2, letter_,
                  ink);
      for (size_t k = 0; k < row.pictures.size(); ++k) {
        const int64_t x = left_ + static_cast<int64_t>(k) * (tileW + look_.gap);
        const at::Tensor large =
            row.pictures[k].repeat_interleave(look_.scale, 1).repeat_interleave(look_.scale, 2);
        strip.narrow(1, tops_[i], tileH).narrow(2, x, tileW).copy_(large.expand({3, -1, -1}));
        if (labelled(i)) drawLabel(strip, row.labels[k], x, tileW, tops_[i] - labelHeight(), ink);
      }
    }
    return strip;
  }

 private:
  int64_t labelHeight() const { return kCaptionHeight * letter_ + look_.gap; }
  bool labelled(size_t i) const {
    return !rows_[i].labels.empty() &&
           (i == 0 || rows_[i].labels != rows_[i - 1].labels || widthOf(rows_[i]) != widthOf(rows_[i - 1]));
  }

  void measure() {
    height_ = look_.gap;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const StripRow& row = rows_[i];
      const auto count = static_cast<int64_t>(row.pictures.size());
      if (labelled(i)) height_ += labelHeight();
      tops_.push_back(height_);
      height_ += heightOf(row) * look_.scale + look_.gap;
      width_ = std::max(width_, left_ + count * (widthOf(row) * look_.scale + look_.gap));
    }
    if (width_ > kMostPictureSide || height_ > kMostPictureSide || width_ * height_ > kMostPicturePixels)
      throw Error("the strip would be " + std::to_string(width_) + "×" + std::to_string(height_) +
                  " pixels, more than a picture may have; use fewer frames or samples, or a smaller scale");
  }

  void drawLabel(at::Tensor& strip, const std::string& label, int64_t x, int64_t tile, int64_t y,
                 float ink) const {
    const int64_t wide = captionWidth(label) * letter_;
    if (wide <= tile + look_.gap) drawCaption(strip, label, x + (tile - wide) / 2, y, letter_, ink);
  }

  const std::vector<StripRow>& rows_;
  const StripLook& look_;
  int64_t letter_ = 1, left_ = 0, width_ = 0, height_ = 0;
  std::vector<int64_t> tops_;
};

}  // namespace

std::vector<int64_t> evenly(int64_t total, int64_t count) {
  if (count <= 0 || count > total) count = total;
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i)
    // Rounded to nearest, halves up; the last one alone where only one is wanted.
    chosen.push_back(count == 1 ? total - 1 : (2 * i * (total - 1) + (count - 1)) / (2 * (count - 1)));
  return chosen;
}

at::Tensor filmStrip(const std::vector<StripRow>& rows, const StripLook& look) {
  if (rows.empty() || rows.front().pictures.empty()) throw Error("there is nothing to put on the strip");
  for (const StripRow& row : rows) {
    if (row.pictures.empty()) throw Error("the row " + row.name + " has no pictures");
    if (!row.labels.empty() && row.labels.size() != row.pictures.size())
      throw Error("the row " + row.name + " has labels for some of its pictures only");
    for (const at::Tensor& picture : row.pictures)
      if (picture.dim() != 3 || picture.sizes() != row.pictures.front().sizes())
        throw Error("pictures of a row are all of one size; " + row.name + " has " +
                    describe(row.pictures.front()) + " and " + describe(picture));
  }
  return Strip(rows, look).draw();
}

const at::Tensor& framePictures(const Recording& recording, int64_t frame) {
  const Value& value = recording.frames.at(static_cast<size_t>(frame)).value;
  const at::Tensor* tensor = value.empty() ? nullptr : value.tensor();
  if (!tensor || !tensor->defined() || tensor->dim() != 4 || tensor->size(0) < 1 || tensor->size(1) < 1)
    throw Error("frame " + std::to_string(frame) + " of the recording holds no pictures [B, C, H, W] but " +
                (value.empty() ? "nothing"
                 : tensor      ? describe(*tensor)
                               : value.type().name));
  return *tensor;
}

StripRow stripRow(const Recording& recording, const std::vector<int64_t>& frames, int64_t sample,
                  PictureRange range) {
  StripRow row;
  for (const int64_t frame : frames) {
    const at::Tensor& pictures = framePictures(recording, frame);
    if (sample < 0 || sample >= pictures.size(0))
      throw Error("there is no sample " + std::to_string(sample) + ": the recording's batch has " +
                  std::to_string(pictures.size(0)) + ", numbered from 0");
    row.pictures.push_back(toUnitRange(asColours(pictures.narrow(0, sample, 1)), range)[0].cpu());
    const auto& iteration = recording.frames[static_cast<size_t>(frame)].iteration;
    row.labels.push_back(iteration.empty() ? "" : std::to_string(iteration.back() + 1));
  }
  return row;
}

}  // namespace loom
