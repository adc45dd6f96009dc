#include <algorithm>
#include <utility>

#include "engine/graph/graph_file.h"

namespace loom {

using Json = nlohmann::ordered_json;

// Line breaks follow the structure and never a length, so that a one-parameter edit is a one-line diff.
class GraphWriter {
 public:
  GraphWriter() = default;
  explicit GraphWriter(const GraphText& last) : last_(&last) {
    out_.reserve(last.text_.size() + 4096);
    parts_.reserve(last.parts_.size() + 16);
  }

  void graph(const Graph& graph) {
    field("nodes", [&] { nodes(graph.nodes); });
    if (!graph.inputs.empty())
      field("inputs", [&] { object(graph.inputs, [&](const ExposedInput& input) { exposed(input); }); });
    if (!graph.outputs.empty())
      field("outputs", [&] { object(graph.outputs, [&](const ExposedOutput& output) { exposed(output); }); });
  }

  void document(const Document& document) {
    open();
    line("noiseloom", document.format);
    if (!document.title.empty()) line("title", document.title);
    if (!document.about.empty()) line("about", document.about);
    graph(document.graph);
    if (!document.groups.empty())
      field("groups", [&] {
        object(document.groups, [&](const auto& named) {
          field(named.first, [&] {
            open();
            graph(named.second);
            for (const auto& [name, value] : named.second.unknown.items()) line(name, value);
            close();
          });
        });
      });
    for (const auto& [name, value] : document.unknown.items()) line(name, value);
    if (!document.layout->empty())
      field("layout", [&] {
        const size_t begin = out_.size();
        if (last_ && last_->layout_.size > 0 && last_->last_.layout.sharedWith(document.layout))
          out_.append(last_->text_, last_->layout_.begin, last_->layout_.size);
        else
          layout(*document.layout);
        layout_ = {begin, out_.size() - begin, indent_};
      });
    close();
    out_ += '\n';
  }

  std::string take() { return std::move(out_); }

  /// For those that follow.
  void remember(GraphText& text, const Document& document) {
    text.last_ = document;
    text.text_ = out_;
    text.parts_ = std::move(parts_);
    text.layout_ = layout_;
  }

 private:
  void open() {
    out_ += '{';
    ++indent_;
    first_ = true;
  }
  void close() {
    --indent_;
    if (!first_) newline();
    out_ += '}';
    first_ = false;
  }
  void newline() {
    out_ += '\n';
    out_.append(static_cast<size_t>(indent_) * 2, ' ');
  }
  void name(const std::string& name) {
    if (!first_) out_ += ',';
    newline();
    text(name);
    out_ += ": ";
    first_ = false;
  }
  template <class Body>
  void field(const std::string& key, Body body) {
    name(key);
    body();
    first_ = false;
  }
  template <class T>
  void line(const std::string& key, const T& value) {
    name(key);
    inlined(value);
  }
  template <class List, class Body>
  void object(const List& list, Body body) {
    open();
    for (const auto& item : list) body(item);
    close();
  }

  void inlined(const std::string& value) { text(value); }
  void inlined(int64_t value) { out_ += std::to_string(value); }
  void inlined(int value) { out_ += std::to_string(value); }
  template <class AnyJson>
  requires requires(const AnyJson& json) { json.is_object(); }
  void inlined(const AnyJson& json) {
    if (json.is_object()) {
      out_ += '{';
      bool first = true;
      for (const auto& [key, value] : json.items()) {
        if (!std::exchange(first, false)) out_ += ", ";
        text(key);
        out_ += ": ";
        inlined(value);
      }
      out_ += '}';
    } else if (json.is_array()) {
      out_ += '[';
      bool first = true;
      for (const AnyJson& item : json) {
        if (!std::exchange(first, false)) out_ += ", ";
        inlined(item);
      }
      out_ += ']';
    } else if (json.is_string()) {
      text(json.template get_ref<const std::string&>());
    } else if (json.is_number_unsigned()) {
      out_ += std::to_string(json.template get<uint64_t>());
    } else if (json.is_number_integer()) {
      out_ += std::to_string(json.template get<int64_t>());
    } else {
      out_ += plain(json);
    }
  }

  // Most of a graph are names and numbers, which need nothing escaped: an editor writes it with every edit.
  void text(const std::string& words) {
    const bool asItIs = std::all_of(words.begin(), words.end(),
                                    [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
    if (!asItIs) {
      out_ += plain(Json(words));
      return;
    }
    out_ += '"';
    out_ += words;
    out_ += '"';
  }

  // Text that is no UTF-8 can't come from a file, but from a caller: it must not end the program.
  template <class AnyJson>
  static std::string plain(const AnyJson& json) {
    return json.dump(-1, ' ', false, AnyJson::error_handler_t::replace);
  }

  static Json withOthers(Json body, const nlohmann::json& others) {
    for (const auto& [name, value] : others.items()) body[name] = Json(value);
    return body;
  }

  static Json linkOrNull(const Link& link) { return link.empty() ? Json() : Json(link.text()); }

  static Json linkList(const std::vector<Link>& links) {
    Json list = Json::array();
    for (const Link& link : links) list.push_back(link.text());
    return list;
  }

  void exposed(const ExposedInput& input) {
    Json body;
    if (!input.doc.empty()) body["doc"] = input.doc;
    body["to"] = linkList(input.to);
    line(input.name, withOthers(std::move(body), input.unknown));
  }
  void exposed(const ExposedOutput& output) {
    Json body;
    if (!output.doc.empty()) body["doc"] = output.doc;
    body["from"] = output.from.text();
    line(output.name, withOthers(std::move(body), output.unknown));
  }

  void nodes(const std::vector<NodePtr>& nodes) {
    object(nodes, [&](const NodePtr& node) {
      field(node->id, [&] {
        const size_t begin = out_.size();
        if (!again(*node, begin)) this->node(*node);
        if (last_) parts_[node.get()] = {begin, out_.size() - begin, indent_};
      });
    });
  }

  // As the last text has it.
  bool again(const Node& node, size_t begin) {
    if (!last_) return false;
    const auto found = last_->parts_.find(&node);
    if (found == last_->parts_.end() || found->second.indent != indent_) return false;
    const GraphText::Part& part = found->second;
    out_.append(last_->text_, part.begin, part.size);
    if (node.zone) keepInner(*node.zone, part, begin - part.begin);
    return true;
  }

  // What lies in a zone is found again even if the zone is another next time. A node may also lie in another
  // graph, and be remembered from there.
  void keepInner(const Zone& zone, const GraphText::Part& whole, size_t shift) {
    for (const NodePtr& node : zone.nodes) {
      const auto found = last_->parts_.find(node.get());
      if (found == last_->parts_.end()) continue;
      GraphText::Part part = found->second;
      if (part.begin < whole.begin || part.begin + part.size > whole.begin + whole.size) continue;
      part.begin += shift;  // modulo 2^64: backwards too
      parts_[node.get()] = part;
      if (node->zone) keepInner(*node->zone, whole, shift);
    }
  }

  void node(const Node& node) {
    open();
    line("type", node.type);
    if (!node.zone || node.version != 1) line("version", node.version);
    if (!node.title.empty()) line("title", node.title);
    if (!node.params.empty())
      field("params",
            [&] { object(node.params, [&](const auto& param) { line(param.first, param.second); }); });
    if (!node.inputs.empty())
      field("inputs", [&] {
        object(node.inputs, [&](const auto& input) {
          const std::vector<Link>& links = input.second.links;
          if (input.second.list || links.empty())
            line(input.first, linkList(links));
          else
            line(input.first, links[0].text());
        });
      });
    if (node.when) line("when", node.when->text());
    if (node.mode != NodeMode::on) line("mode", std::string(modeName(node.mode)));
    for (const auto& [name, value] : node.unknown.items()) line(name, value);
    if (node.zone) zone(*node.zone);
    close();
  }

  void zone(const Zone& zone) {
    if (!zone.over.empty())
      field("over",
            [&] { object(zone.over, [&](const auto& over) { line(over.first, linkOrNull(over.second)); }); });
    if (zone.count) line("count", *zone.count);
    if (zone.countFrom) line("count", zone.countFrom->text());
    if (!zone.state.empty())
      field("state", [&] {
        object(zone.state, [&](const Zone::State& state) {
          Json body = Json::object();
          if (!state.init.empty()) body["init"] = state.init.text();
          if (!state.next.empty()) body["next"] = state.next.text();
          line(state.name, withOthers(std::move(body), state.unknown));
        });
      });
    if (zone.until) line("until", zone.until->text());
    if (!zone.collect.empty())
      field("collect", [&] {
        object(zone.collect, [&](const Zone::Collect& collect) {
          Json body = Json::object();
          if (!collect.from.empty()) body["from"] = collect.from.text();
          if (collect.every != 1) body["every"] = collect.every;
          line(collect.name, withOthers(std::move(body), collect.unknown));
        });
      });
    field("nodes", [&] { nodes(zone.nodes); });
  }

  // Each part of the layout on lines of its own, each entry on one: a moved node is a one-line diff.
  void layout(const nlohmann::json& layout) {
    open();
    for (const auto& [part, entries] : layout.items()) {
      if (!entries.is_object()) {
        line(part, entries);
        continue;
      }
      field(part, [&] {
        open();
        for (const auto& [name, entry] : entries.items()) line(name, entry);
        close();
      });
    }
    close();
  }

  const GraphText* last_ = nullptr;
  GraphText::Parts parts_;
  GraphText::Part layout_;
  std::string out_;
  int indent_ = 0;
  bool first_ = true;
};

namespace {

void sortNodes(std::vector<NodePtr>& nodes) {
  for (NodePtr& node : nodes) {
    Node plain = *node;
    plain.title.clear();
    if (plain.zone) {
      Zone zone = *plain.zone;
      sortNodes(zone.nodes);
      plain.zone = std::make_shared<const Zone>(std::move(zone));
    }
    node = std::make_shared<const Node>(std::move(plain));
  }
  std::sort(nodes.begin(), nodes.end(), [](const NodePtr& a, const NodePtr& b) { return a->id < b->id; });
}

void keepMeaning(Graph& graph) {
  sortNodes(graph.nodes);
  for (ExposedInput& input : graph.inputs) input.doc.clear();
  for (ExposedOutput& output : graph.outputs) output.doc.clear();
}

}  // namespace

std::string writeGraph(const Document& document) {
  GraphWriter writer;
  writer.document(document);
  return writer.take();
}

std::string GraphText::write(const Document& document) {
  GraphWriter writer(*this);
  writer.document(document);
  writer.remember(*this, document);
  return writer.take();
}

std::string meaningOf(const Document& document) {
  Document plain = document;
  plain.layout = SharedJson();
  plain.title.clear();
  plain.about.clear();
  keepMeaning(plain.graph);
  for (auto& [name, group] : plain.groups) keepMeaning(group);
  return writeGraph(plain);
}

}  // namespace loom
