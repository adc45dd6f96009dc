#include "app/cli/compared_files.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>

#include "app/cli/compared_tensors.h"
#include "app/cli/graph_source.h"
#include "app/cli/result_file.h"
#include "engine/files/mapped_file.h"
#include "engine/graph/graph_difference.h"
#include "engine/node/result_text.h"
#include "nodes/images/gif_file.h"
#include "nodes/images/image_file.h"
#include "nodes/images/mp4_text.h"
#include "nodes/images/picture_difference.h"
#include "nodes/images/picture_header.h"

namespace loom {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

enum class Kind { graph, picture, animation, tensors };

const char* nameOf(Kind kind) {
  switch (kind) {
    case Kind::graph:
      return "a graph";
    case Kind::picture:
      return "a picture";
    case Kind::animation:
      return "an animation";
    case Kind::tensors:
      break;
  }
  return "a file of tensors";
}

Kind kindOf(const std::string& name) {
  const fs::path file = fs::absolute(name);
  std::error_code error;
  if (!fs::exists(file, error)) throw Error("there is no file " + name);
  if (!fs::is_regular_file(file, error)) throw Error(name + " is no ordinary file");
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  if (readPictureHeader(bytes)) return Kind::picture;
  if (looksLikeGif(bytes) || looksLikeMp4(bytes)) return Kind::animation;
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 4096));
  const size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && head[begin] == '{' ? Kind::graph : Kind::tensors;
}

FileComparison compareGraphs(const Document& a, const Document& b, const CompareOptions& options,
                             const Registry& registry) {
  FileComparison comparison;
  json list = json::array();
  for (const GraphDifference& each : graphDifferences(a, b, registry, {.layout = options.layout})) {
    comparison.text += each.text() + "\n";
    const char* kind = each.kind == GraphDifference::Kind::added     ? "added"
                       : each.kind == GraphDifference::Kind::removed ? "removed"
                                                                     : "changed";
    list.push_back({{"kind", kind}, {"where", each.where}, {"before", each.before}, {"after", each.after}});
  }
  comparison.equal = list.empty();
  comparison.line = list.empty() ? "the graphs mean the same"
                                 : std::to_string(list.size()) +
                                       (list.size() == 1 ? " difference" : " differences") + " in the graph";
  if (list.empty()) comparison.text = comparison.line + "\n";
  comparison.details = {{"kind", "graphs"}, {"equal", comparison.equal}, {"differences", list}};
  return comparison;
}

bool holdsGraph(const std::string& file) {
  const auto texts = textsIn(fs::absolute(file));
  return texts && texts->contains(kGraphKey);
}

// Pixels as they are where both files have the same channels, else as RGB.
std::pair<at::Tensor, at::Tensor> pixelsOf(const std::string& a, const std::string& b) {
  const auto isPng = [](const std::string& name) {
    const auto header = readPictureHeader(MappedFile::open(name)->bytes());
    return header && header->format == PictureFormat::png;
  };
  if (isPng(a) && isPng(b)) {
    at::Tensor p = readPng(a), q = readPng(b);
    if (p.size(0) == q.size(0)) return {p, q};
  }
  return {readPicture(a), readPicture(b)};
}

FileComparison comparePixels(const std::string& a, const std::string& b, double bound) {
  const auto [p, q] = pixelsOf(a, b);
  FileComparison comparison;
  if (p.sizes() != q.sizes()) {
    const auto size = [](const at::Tensor& picture) {
      return std::to_string(picture.size(2)) + " × " + std::to_string(picture.size(1));
    };
    comparison.equal = false;
    comparison.line = "sizes " + size(p) + " and " + size(q);
    comparison.details = {{"mismatch", comparison.line}};
    return comparison;
  }
  const PictureDifference difference = pictureDifference(p, q);
  comparison.equal = difference.max <= bound;
  comparison.details = {{"max", difference.max},
                        {"mean", difference.mean},
                        {"differing", difference.differing},
                        {"pixels", difference.pixels}};
  if (difference.equal()) {
    comparison.line = "the same pixels";
    return comparison;
  }
  char psnr[32];
  std::snprintf(psnr, sizeof psnr, "; PSNR %.1f dB", difference.psnr);
  comparison.line = describe(difference) + psnr;
  comparison.details["psnr"] = difference.psnr;
  return comparison;
}

FileComparison comparePictures(const std::string& a, const std::string& b, const CompareOptions& options,
                               const Registry& registry) {
  FileComparison comparison = comparePixels(a, b, options.bound);
  comparison.details = {{"kind", "pictures"}, {"equal", comparison.equal}, {"pixels", comparison.details}};
  comparison.text = comparison.line + "\n";
  const bool inA = holdsGraph(a), inB = holdsGraph(b);
  if (inA != inB)
    comparison.text += std::string("only the ") + (inA ? "first" : "second") + " holds a graph\n";
  if (!inA || !inB) return comparison;
  const FileComparison graphs = compareGraphs(readGraphSource(a, registry).document,
                                              readGraphSource(b, registry).document, options, registry);
  comparison.equal &= graphs.equal;
  comparison.text += graphs.text;
  comparison.line += "; " + graphs.line;
  comparison.details["equal"] = comparison.equal;
  comparison.details["graph"] = graphs.details;
  return comparison;
}

}  // namespace

bool sameBytes(const fs::path& a, const fs::path& b) {
  const auto p = MappedFile::open(a), q = MappedFile::open(b);
  return p->bytes().size() == q->bytes().size() &&
         (p->bytes().empty() || std::memcmp(p->bytes().data(), q->bytes().data(), p->bytes().size()) == 0);
}

namespace {

// Frames are not decoded: other bytes are a difference, and the graphs may say why.
FileComparison compareAnimations(const std::string& a, const std::string& b, const CompareOptions& options,
                                 const Registry& registry) {
  FileComparison comparison;
  comparison.equal = sameBytes(a, b);
  comparison.line = comparison.equal ? "the same bytes" : "other bytes";
  comparison.text = comparison.line + "\n";
  comparison.details = {{"kind", "animations"}, {"equal", comparison.equal}};
  if (comparison.equal || !holdsGraph(a) || !holdsGraph(b)) return comparison;
  const FileComparison graphs = compareGraphs(readGraphSource(a, registry).document,
                                              readGraphSource(b, registry).document, options, registry);
  comparison.text += graphs.text;
  comparison.line += "; " + graphs.line;
  comparison.details["graph"] = graphs.details;
  return comparison;
}

}  // namespace

FileComparison compareFiles(const std::string& a, const std::string& b, const CompareOptions& options,
                            const Registry& registry) {
  const Kind was = kindOf(a), is = kindOf(b);
  if (was == Kind::tensors && is == Kind::tensors)
    return compareTensorFiles(fs::absolute(a), fs::absolute(b), options);
  if (was == Kind::tensors || is == Kind::tensors)
    throw Error(a + " is " + nameOf(was) + " and " + b + " is " + nameOf(is) + ": these can't be compared");
  if (was == Kind::animation && is == Kind::animation) return compareAnimations(a, b, options, registry);
  if (was == Kind::picture && is == Kind::picture) return comparePictures(a, b, options, registry);
  return compareGraphs(readGraphSource(a, registry).document, readGraphSource(b, registry).document, options,
                       registry);
}

}  // namespace loom
