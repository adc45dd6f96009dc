#pragma once
// A set of pictures to train on: small enough to be held in memory, with names to make captions of and
// classes.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/values/value.h"

namespace loom {

/// N pictures. The lists have N entries each, in the order of `images`; names, groups and subgroups are empty
/// strings where the source has none. Immutable and shared; on the CPU.
struct Dataset {
  at::Tensor images;  // uint8 [N, C, H, W]; 255 is white
  std::vector<std::string> names, groups, subgroups;
  at::Tensor labels;                 // int64 [N], an index into `classes`
  std::vector<std::string> classes;  // names of the classes
  std::string source;                // "Noto Color Emoji", a folder, a file: for summaries and messages

  int64_t size() const { return images.defined() ? images.size(0) : 0; }
};

/// What the classes of a dataset are made of: its subgroups, groups or names, or one class for all.
enum class ClassBy { subgroup, group, name, none };

/// Sets labels and classes; classes are in the order in which they first appear.
void setClasses(Dataset& dataset, ClassBy by);

/// The pictures at `indices` (each below N), with their texts; classes that are left without pictures are
/// dropped and the others renumbered, in the order in which they first appear.
Dataset selected(const Dataset& dataset, const std::vector<int64_t>& indices);

/// Throws Error unless tensors and lists agree with each other.
void check(const Dataset& dataset);

LOOM_VALUE_TYPE(Dataset)

}  // namespace loom
