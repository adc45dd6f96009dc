#pragma once
// Asks a worker, for tests: what node types there are, and whether a graph is right.
#include <QProcess>
#include <QTest>
#include <nlohmann/json.hpp>

#include "app/editor/catalog/catalog.h"
#include "app/editor/document/face.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

class TestWorker {
 public:
  TestWorker() {
    process_.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process_.start(NOISELOOM_RUNNER, {"worker"});
    ask("hello", {{"protocol", 1}, {"client", "test"}});
  }
  ~TestWorker() {
    process_.closeWriteChannel();
    if (!process_.waitForFinished(10'000)) process_.kill();
  }

  nlohmann::json ask(const std::string& method, const nlohmann::json& params) {
    const int id = ++last_;
    const nlohmann::json request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    process_.write(QByteArray::fromStdString(request.dump()) + "\n");
    for (;;) {
      while (!process_.canReadLine())
        if (!process_.waitForReadyRead(60'000))
          throw std::runtime_error("the worker does not answer " + method);
      const nlohmann::json answer = nlohmann::json::parse(process_.readLine().toStdString());
      if (answer.value("id", 0) != id) continue;
      if (answer.contains("error")) throw std::runtime_error(answer["error"].dump());
      return answer["result"];
    }
  }

  Catalog catalog() { return Catalog(ask("nodes", nlohmann::json::object())); }

  /// All errors of a graph, one a line; empty: it can run.
  std::string errorsOf(const Document& document) {
    const nlohmann::json graph =
        ask("graph.submit", {{"text", writeGraph(document)}, {"folder", NOISELOOM_SOURCE_DIR "/graphs"}});
    const nlohmann::json check = ask("graph.check", {{"graph", graph["graph"]}});
    ask("graph.forget", {{"graph", graph["graph"]}});
    std::string all;
    for (const nlohmann::json& error : check["errors"])
      all +=
          error.value("node", "") + "." + error.value("port", "") + ": " + error.value("message", "") + "\n";
    return all;
  }

 private:
  QProcess process_;
  int last_ = 0;
};

inline Document graphFile(const std::string& name) {
  return parseGraph(readGraphText(NOISELOOM_SOURCE_DIR "/graphs/" + name));
}

/// What is wrong with a document that an edit gave; empty: nothing.
inline std::string faultOf(const Document& document) {
  const std::string text = writeGraph(document);
  try {
    if (writeGraph(parseGraph(text)) != text) return "it does not come back from the file as it was";
  } catch (const Error& error) {
    return "it can't be read again: " + error.full();
  }
  const auto faults = [&](const std::string& place, const Graph& graph) -> std::string {
    for (const Wire& wire : wiresOf(graph)) {
      const std::string name = place + ": " + wire.from.text() + " > " + wire.to.node + "." + wire.to.slot;
      const Node* from = findNode(graph, wire.from.node);
      if (!from) return name + " begins at nothing";
      const Face face = faceOf(document, place, *from, Catalog());
      if (from->zone && !face.output(wire.from.port, false) && !face.output(wire.from.port, true))
        return name + " begins at no port";
      if (from->type.starts_with(kGroupPrefix) && !face.output(wire.from.port, false))
        return name + " begins at no output of the group";
    }
    for (const ExposedInput& input : graph.inputs)
      for (const Link& to : input.to)
        if (!findNode(graph, to.node))
          return place + ": the exposed input " + input.name + " leads to nothing";
    for (const ExposedOutput& output : graph.outputs)
      if (!findNode(graph, output.from.node))
        return place + ": the exposed output " + output.name + " comes from nothing";
    return "";
  };
  std::string fault = faults("", document.graph);
  for (const auto& [name, group] : document.groups)
    if (fault.empty()) fault = faults(name, group);
  return fault;
}

}  // namespace loom::editor

// An edit is refused, with these words in the reason.
#define REFUSED(edit, words)                                                                       \
  do {                                                                                             \
    std::string reason_;                                                                           \
    try {                                                                                          \
      (void)(edit);                                                                                \
    } catch (const loom::Error& error) {                                                           \
      reason_ = error.full();                                                                      \
    }                                                                                              \
    if (reason_.find(words) == std::string::npos)                                                  \
      QFAIL(("not refused with \"" + std::string(words) + "\", but \"" + reason_ + "\"").c_str()); \
  } while (false)
