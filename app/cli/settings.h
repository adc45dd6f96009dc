#pragma once
// Values given on the command line, put into a graph: `--set name=value`, `--seed`, `--batch`. A value is
// read as its port reads it, so `--set text.words=12` is a text and `--set steps.count=12` a number.
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/graph/document.h"
#include "engine/node/node_type.h"

namespace loom {

struct Setting {
  std::string name;                   // an exposed name, or node.param
  std::string text;                   // as typed
  std::filesystem::path folder = {};  // of its relative paths; empty: the one the program was called in
};

/// "name=value"; throws Error for anything else.
Setting parseSetting(const std::string& text);

struct AppliedSettings {
  Document document;
  std::vector<std::filesystem::path> readable, writable;  // files that were named, wherever they are
  std::map<std::string, nlohmann::json> values;           // as they stand in the document
};

/// Relative paths are those of a shell user: of the folder the program was called in.
struct SettingFolders {
  std::filesystem::path current, graph;
};

/// What a setting would put where.
struct ResolvedSetting {
  std::vector<Link> to;
  std::vector<const Port*> ports;  // of `to`; null where a type is not known, and for a zone's count
  nlohmann::json value;
  std::optional<std::filesystem::path> readable, writable;  // a file that it names
};
/// Throws Error that names what there is to set. That the value fits its ports is for compile() to say.
ResolvedSetting resolveSetting(const Document& document, const Setting& setting, const Registry& registry,
                               const SettingFolders& folders);

/// Throws Error that names what there is to set.
AppliedSettings applySettings(const Document& document, const std::vector<Setting>& settings,
                              const Registry& registry, const SettingFolders& folders);

/// The value an exposed input has now: set in the graph, or its port's default; null where it has none.
nlohmann::json exposedValue(const Document& document, const ExposedInput& input, const Registry& registry);

/// The port that a link into the document's own graph leads to; null where its type is not known.
const Port* portAt(const Document& document, const Link& to, const Registry& registry);

}  // namespace loom
