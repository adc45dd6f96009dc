#pragma once
// A pickle's tensors under dotted names, and its plain values as JSON.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/files/pickle.h"

namespace loom {

struct NamedTensor {
  std::string name;
  int64_t tensor = 0;  // in Pickle::tensors
};

/// {"ema": {"head.weight": t}} gives "ema.head.weight"; list places and integer keys become numbers; a
/// pickled module's tables of parameters, buffers and children add nothing to the name. Of two tensors with
/// one name the later is called "name#2", and a note says so. Throws Error on nesting deeper than 64 and
/// names without end.
std::vector<NamedTensor> namedTensors(const Pickle& pickle, std::vector<std::string>& notes);

/// Numbers, texts, truth values and lists and dictionaries of them, under their own keys. What is too long to
/// be a setting is left out.
nlohmann::json plainValues(const Pickle& pickle);

}  // namespace loom
