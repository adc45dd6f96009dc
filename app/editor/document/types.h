#pragma once
// What links carry, as far as declarations tell. For this folder alone.
#include <map>
#include <string>

#include "app/editor/catalog/catalog.h"
#include "engine/graph/document.h"

namespace loom::editor {

/// Remembers what it found: for many questions about one document.
class Types {
 public:
  Types(const Document& document, const Catalog& catalog) : document_(document), catalog_(catalog) {}
  std::string of(const std::string& place, const Link& link);
  /// Of a state alone: what it begins as, and what the body makes of it; "any" where not known.
  std::string first(const std::string& place, const Zone::State& state);
  std::string next(const std::string& place, const Node& zone, const Zone::State& state);

 private:
  std::string found(const std::string& place, const Link& link);
  std::string ofZone(const std::string& place, const Node& node, const std::string& port);

  const Document& document_;
  const Catalog& catalog_;
  std::map<std::string, std::string> known_;  // by place and link
  int depth_ = 0;
};

}  // namespace loom::editor
