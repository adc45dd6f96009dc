#pragma once
// Muted and bypassed nodes, private to engine/plan: what is not there, what can't do without it, and what is
// read in their place. FORMAT.md has the rules. Nothing happens to a graph in which every node is on.
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/plan/flatten.h"

namespace loom {

/// What a bypassed node or group can give on, by the types of its ports.
struct Passage {
  std::shared_ptr<const std::vector<const TypeInfo*>> outputs;  // null in it: not known
  std::vector<std::pair<const TypeInfo*, Source>> inputs;  // those that are linked, in the order of the ports
};

class Modes {
 public:
  /// What is wrong with a node that stays: a zone whose own body lost what it needs.
  using Report = std::function<void(FlatNode&, const Error&)>;

  /// All links are resolved. `passages` are those of bypassed nodes and groups; zones need none.
  Modes(FlatGraph& flat, const Registry& registry, std::map<int, Passage> passages)
      : flat_(flat), registry_(registry), passages_(std::move(passages)) {}

  /// Sets FlatNode::absent, and has the others linked to what there is.
  void apply(const Report& report);

  // After apply(), of any source:
  /// What is read where this is linked to.
  Source through(Source source);
  /// The node because of which it is not there; -1: it is there.
  int lostBy(Source source) const;

 private:
  struct Given {
    Source from;                                        // none: there is nothing to give on
    const TypeInfo *port = nullptr, *output = nullptr;  // it becomes the one, then the other
  };
  struct Reader {
    enum class As { link, outside, next, until, collect };
    Source source;
    int node;
    As as;
    int port = 0;  // of links: which; of collections: the zone's port
    std::string_view name = {};
  };
  struct Loss {
    int node, output;  // -1: all
    int culprit;
  };

  void markAbsent();
  bool isBypassed(int node) const;
  Given givenOn(int node, int output) const;
  int castOf(int before, const TypeInfo* type);
  template <class Each>
  void forEachSource(FlatNode& node, Each each);
  void listReaders();
  void spread(const Report& report);
  void lose(int node, int culprit);
  void loseFor(const Reader& reader, int culprit, const Report& report);
  bool canDoWithout(const FlatNode& node, int port) const;
  bool isInside(int node, int body) const;
  void takeAway();

  FlatGraph& flat_;
  const Registry& registry_;
  std::map<int, Passage> passages_;
  std::map<std::pair<int, int>, Source> through_;  // by node and output
  std::vector<Reader> readers_;                    // by source and output
  std::map<std::pair<int, int>, size_t> gone_;     // of a node's port: links that are lost
  std::map<std::pair<int, int>, int> lostPorts_;   // collections of zones that stay: because of which node
  std::vector<Loss> waiting_;
};

/// "denoise is muted": why what needs this node is not there.
std::string absenceText(const FlatNode& node);

}  // namespace loom
