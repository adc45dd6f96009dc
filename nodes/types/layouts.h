#pragma once
// Names by which a published checkpoint is told from another: what a loader says when it was given the wrong
// one.
#include <string>
#include <vector>

namespace loom {

struct LayoutSignature {
  std::string name;               // "DiT (facebookresearch/DiT)"
  std::vector<std::string> keys;  // names that together only this layout has, without prefixes
};

const std::vector<LayoutSignature>& layoutSignatures();

/// "This looks like a DiT (facebookresearch/DiT) checkpoint: it has x_embedder.proj.weight." Empty where
/// nothing known fits. Names may carry prefixes ("ema.", "module.").
std::string looksLike(const std::vector<std::string>& names);

/// "a, b, c": for messages that list names in full, one a line when there are many.
std::string listed(const std::vector<std::string>& names);

}  // namespace loom
