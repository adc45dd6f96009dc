#include "engine/node/spec.h"

namespace loom {

bool Spec::shapeFits(const std::vector<Dim>& other) const {
  if (!shape) return true;
  if (shape->size() != other.size()) return false;
  for (size_t i = 0; i < other.size(); ++i)
    if (!(*shape)[i].fits(other[i])) return false;
  return true;
}

std::string Spec::text() const {
  std::string text = type ? type->name : "unknown";
  if (!constant.empty() && type && type->isScalar()) return text + " " + constant.summary();
  if (dtype) text += " " + c10::getDtypeNames(*dtype).first;
  if (shape) {
    text += " [";
    for (size_t i = 0; i < shape->size(); ++i) text += (i ? ", " : "") + (*shape)[i].text();
    text += "]";
  }
  return text;
}

}  // namespace loom
