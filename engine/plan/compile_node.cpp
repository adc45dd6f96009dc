#include <algorithm>

#include "engine/core/text.h"
#include "engine/plan/compiler.h"

namespace loom {
namespace {

// Enough of a run for fingerprints, which look at constants and files before anything runs.
struct QuietServices : RunServices {
  void log(const std::string&, const std::string&) override {}
  void progress(const std::string&, int64_t, int64_t) override {}
  void produced(const std::string&, const std::filesystem::path&) override {}
};

void checkParams(const FlatNode& node) {
  for (const auto& [name, value] : node.doc->params) {
    if (node.type->input(name)) continue;
    std::string all;
    for (const Port& port : node.type->inputs) all += (all.empty() ? "" : ", ") + port.id;
    throw Error(node.path, name,
                node.type->id + " has no parameter \"" + name.substr(0, 64) + "\"; it has: " + all);
  }
}

}  // namespace

void Compiler::visitNode(int index, int zone) {
  const FlatNode& node = flat_.nodes[index];
  checkParams(node);
  PlanOp op;
  op.type = node.type;
  op.path = node.path;
  op.home = zone;
  op.effect = node.type->effect;
  op.inStart.push_back(0);
  for (size_t port = 0; port < node.type->inputs.size(); ++port)
    gather(node, static_cast<int>(port), zone, op);
  op.when = whenOf(node, zone);
  std::vector<Spec> specs(node.type->outputs.size());
  infer(node, op, specs);
  const bool movable = node.type->pure && !node.type->usesStep && !op.effect;
  if (node.type->prepare) op.prepared = prepareOp(node, op, zone);
  for (size_t i = 0; i < specs.size(); ++i) {
    op.out.push_back(newSlot(node.path, node.type->outputs[i].id, std::move(specs[i]), zone, {}));
    plan_.ports[node.path + "." + node.type->outputs[i].id] = op.out.back();
  }
  setKeys(op);
  slots_[index] = op.out;
  opOfNode_[index] = add(std::move(op), movable);
  nodeOfOp_[opOfNode_[index]] = index;
}

// Of the operation and of what it gives, from the keys of what it reads.
void Compiler::setKeys(PlanOp& op) {
  const char* kind = op.kind == PlanOp::Kind::node      ? "node"
                     : op.kind == PlanOp::Kind::prepare ? "prepare"
                                                        : "convert";
  op.key = keyOf(op, kind);
  const Key loopKey = loopKeyOf(op, kind);
  const bool several = op.kind == PlanOp::Kind::node;
  for (size_t i = 0; i < op.out.size(); ++i) {
    const auto output = [&](Key key) {
      return key && several ? KeyBuilder("output").add(key).add(static_cast<int64_t>(i)).key() : key;
    };
    keys_[op.out[i]] = output(op.key);
    loopKeys_[op.out[i]] = output(loopKey);
  }
}

void Compiler::gather(const FlatNode& node, int index, int zone, PlanOp& op) {
  const Port& port = node.type->inputs[index];
  for (Source source : node.links[index]) {
    const SlotId slot = use(source, zone);
    op.in.push_back(converted(slot, port, node.path, zone));
  }
  if (node.links[index].empty()) {
    const auto param = node.doc->params.find(port.id);
    if (param != node.doc->params.end()) {
      try {
        Value value = port.parse(param->second);
        // A name that can't be written is refused now, not when what was to be saved is there.
        if (port.writes && value.is<FilePath>() && !options_.files.options().output.empty())
          options_.files.checkWrite(value.as<FilePath>().text);
        op.in.push_back(constantSlot(node.path, port, std::move(value)));
      } catch (const Error& error) {
        throw Error(node.path, port.id, error.what());
      }
    } else if (!port.fallback.empty()) {
      const auto [known, isNew] = fallbacks_.try_emplace(&port, -1);
      if (isNew) known->second = constantSlot(node.path, port, port.fallback);
      op.in.push_back(known->second);
    } else if (port.required) {
      throw Error(node.path, port.id,
                  "needs " + (port.type->isScalar() ? "a value" : "a link from " + port.type->name) + ": " +
                      port.doc);
    }
  }
  op.inStart.push_back(static_cast<int>(op.in.size()));
}

SlotId Compiler::converted(SlotId slot, const Port& port, const std::string& path, int zone) {
  const TypeInfo* from = plan_.slots[slot].spec.type;
  if (from == port.type || port.type == &typeOf<Any>()) return slot;
  return stateConverted(slot, *port.type, path, port.id, zone);
}

SlotId Compiler::whenOf(const FlatNode& node, int zone) {
  return node.when ? stateConverted(use(node.when, zone), typeOf<Bool>(), node.path, "when", zone) : -1;
}

SlotId Compiler::stateConverted(SlotId slot, const TypeInfo& wanted, const std::string& path,
                                const std::string& port, int zone) {
  const Slot from = plan_.slots[slot];
  if (from.spec.type == &wanted) return slot;
  const Conversion* conversion = from.spec.type ? registry_.conversion(*from.spec.type, wanted) : nullptr;
  if (!conversion)
    throw Error(path, port,
                "takes " + wanted.name + ", but " + from.node + "." + from.port + " gives " +
                    (from.spec.type ? from.spec.type->name : "something unknown"));
  PlanOp op;
  op.kind = PlanOp::Kind::convert;
  op.conversion = conversion;
  op.path = path;
  op.in = {slot};
  op.inStart = {0, 1};
  op.home = zone;
  Spec spec = from.spec;
  spec.type = &wanted;
  if (!spec.constant.empty()) spec.constant = conversion->convert(spec.constant);
  op.out = {newSlot(path, port, std::move(spec), zone, {})};
  setKeys(op);
  const SlotId out = op.out[0];
  add(std::move(op), true);
  return out;
}

void Compiler::infer(const FlatNode& node, PlanOp& op, std::vector<Spec>& specs) {
  for (size_t i = 0; i < specs.size(); ++i) specs[i].type = node.type->outputs[i].type;
  if (!node.type->infer) {
    op.workKnown = !node.type->workBytes;
    return;
  }
  std::vector<const Spec*> inputs;
  for (SlotId slot : op.in) inputs.push_back(&plan_.slots[slot].spec);
  Infer context(*node.type, inputs, op.inStart, specs, options_.files);
  try {
    node.type->infer(context);
    if (!node.type->workBytes) return;
    const std::optional<int64_t> bytes = node.type->workBytes(context);
    op.workBytes = bytes.value_or(0);
    op.workKnown = bytes.has_value();
  } catch (const Error& error) {
    throw Error(error.node.empty() ? node.path : error.node, error.port,
                error.what() + fileBehind(node, error.port) + lostLink(node, error.port));
  } catch (const std::exception& error) {
    throw Error(node.path, "", error.what());
  }
}

// What a port was linked to that is not there.
std::string Compiler::lostLink(const FlatNode& node, const std::string& port) const {
  const auto linked = node.doc->inputs.find(port);
  const Port* input = node.type->input(port);
  if (!input || linked == node.doc->inputs.end() || linked->second.links.empty()) return "";
  if (!node.links[static_cast<size_t>(input - node.type->inputs.data())].empty()) return "";
  return " (its link to " + linked->second.links.front().text() + " is lost to a muted or bypassed node)";
}

// What comes onto the port was read from a file, as far as its node tells: " (weights reads \"a.pt\")". Else
// nothing.
std::string Compiler::fileBehind(const FlatNode& node, const std::string& port) const {
  const Port* input = node.type->input(port);
  if (!input) return "";
  const std::vector<Source>& links = node.links[static_cast<size_t>(input - node.type->inputs.data())];
  if (links.size() != 1) return "";
  const FlatNode& from = flat_.nodes[static_cast<size_t>(links.front().node)];
  if (!from.type) return "";
  for (const Port& each : from.type->inputs) {
    const auto value = from.doc->params.find(each.id);
    if (each.type == &typeOf<FilePath>() && !each.writes && value != from.doc->params.end())
      return " (" + from.path + " reads " + shortened(value->second.dump(), 200) + ")";
  }
  return "";
}

SlotId Compiler::prepareOp(const FlatNode& node, const PlanOp& main, int zone) {
  PlanOp op;
  op.kind = PlanOp::Kind::prepare;
  op.type = node.type;
  op.path = node.path;
  op.home = zone;
  op.when = main.when;
  op.inStart.push_back(0);
  for (size_t port = 0; port < node.type->inputs.size(); ++port) {
    for (const void* wanted : node.type->prepare->inputs)
      if (node.type->inputs[port].key == wanted)
        op.in.insert(op.in.end(), main.in.begin() + main.inStart[port],
                     main.in.begin() + main.inStart[port + 1]);
    op.inStart.push_back(static_cast<int>(op.in.size()));
  }
  op.out = {newSlot(node.path, "(prepared)", {}, zone, {})};
  setKeys(op);
  const SlotId out = op.out[0];
  add(std::move(op), node.type->pure && !node.type->usesStep);
  return out;
}

// The key that is blind to step values; it is the usual one where no input comes from them.
Key Compiler::loopKeyOf(const PlanOp& op, const char* kind) {
  const auto same = [&](SlotId slot) { return slot < 0 || loopKeys_[slot] == keys_[slot]; };
  return same(op.when) && std::all_of(op.in.begin(), op.in.end(), same) ? op.key : keyOf(op, kind, loopKeys_);
}

Key Compiler::keyOf(const PlanOp& op, const char* kind, const std::vector<Key>& keys) {
  KeyBuilder key(kind);
  if (op.type) {
    if (!op.type->pure || op.effect) return {};
    key.add(op.type->id).add(op.type->version);
    if (op.type->usesStep) key.add(op.path);
    key.add(options_.policy.device.str()).add(static_cast<int>(options_.policy.compute));
  } else {
    key.add(op.conversion->from->id).add(op.conversion->to->id);
  }
  for (size_t port = 0; port + 1 < op.inStart.size(); ++port) {
    key.add(op.inStart[port + 1] - op.inStart[port]);
    for (int i = op.inStart[port]; i < op.inStart[port + 1]; ++i) {
      if (!keys[op.in[i]]) return {};
      key.add(keys[op.in[i]]);
    }
  }
  if (op.when >= 0) {
    if (!keys[op.when]) return {};
    key.add(keys[op.when]);
  }
  if (op.kind == PlanOp::Kind::node && op.type->fingerprint) {
    for (SlotId slot : op.in)
      if (plan_.slots[slot].constant.empty() && plan_.slots[slot].spec.type->isScalar()) return {};
    fingerprint(op, key);
  }
  return key.key();
}

void Compiler::fingerprint(const PlanOp& op, KeyBuilder& key) {
  QuietServices services;
  services.policy = options_.policy;
  services.files = options_.files;
  std::vector<Value*> inputs;
  for (SlotId slot : op.in) inputs.push_back(&plan_.slots[slot].constant);
  Exec exec(*op.type, op.path, inputs, op.inStart, {}, nullptr, {}, services);
  try {
    op.type->fingerprint(exec, key);
  } catch (Error& error) {
    if (error.node.empty()) error.node = op.path;
    throw;
  }
}

}  // namespace loom
