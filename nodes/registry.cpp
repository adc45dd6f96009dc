#include "nodes/registry.h"

#include "nodes/types/conversions.h"
#include "nodes/value_types.h"

namespace loom {

// The list is read twice: once to declare each node's function, once to call it.
#define TYPE(T)
#define NODE(function) NodeType function();
#include "nodes/list.inc"
#undef TYPE
#undef NODE

namespace {

Registry everything() {
  Registry all;
  all.add(typeOf<Int>());
  all.add(typeOf<Real>());
  all.add(typeOf<Bool>());
  all.add(typeOf<Text>());
  all.add(typeOf<Choice>());
  all.add(typeOf<Seed>());
  all.add(typeOf<FilePath>());
  all.add(typeOf<Shape>());
  all.add(typeOf<Numbers>());
  all.add(typeOf<at::Tensor>());
  all.add(typeOf<Weights>());
  all.add(typeOf<Recording>());
  all.add(typeOf<Series>());
#define TYPE(T) all.add(typeOf<T>());
#define NODE(function) all.add(function());
#include "nodes/list.inc"
#undef TYPE
#undef NODE
  addTypeConversions(all);
  return all;
}

}  // namespace

const Registry& registry() {
  static const Registry all = everything();
  return all;
}

}  // namespace loom
