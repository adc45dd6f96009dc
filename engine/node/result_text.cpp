#include "engine/node/result_text.h"

namespace loom {

std::map<std::string, std::string> resultTexts(const std::string& document, nlohmann::json provenance,
                                               nlohmann::json saved) {
  provenance["saved"] = std::move(saved);
  std::map<std::string, std::string> texts;
  if (!document.empty()) texts[kGraphKey] = document;
  texts[kProvenanceKey] = provenance.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return texts;
}

std::map<std::string, std::string> resultTexts(const Exec& x, const nlohmann::json& more) {
  nlohmann::json saved{{"node", x.path()}};
  if (!x.iteration().empty()) saved["iteration"] = x.iteration();
  saved.update(more);
  return resultTexts(x.services().document, x.services().provenance, std::move(saved));
}

}  // namespace loom
