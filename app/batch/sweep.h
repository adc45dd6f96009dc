#pragma once
// `--sweep name=values`: the values that one setting goes through.
#include <string>
#include <vector>

namespace loom {

struct Sweep {
  struct Point {
    std::string text;   // as --set takes it
    std::string label;  // as a person reads it
  };
  std::string name;
  std::vector<Point> points;
};

/// "seed=0..99", "eta=0,0.5,1", "steps=10..50:10", "size=[3,8,8],[3,16,16]", "words=\"a, b\",c". Elements of
/// a list may be ranges; a range of whole numbers goes by 1 (or -1) where it names no step, and ends with the
/// last number that is not beyond its end. Throws Error.
Sweep parseSweep(const std::string& text);

}  // namespace loom
