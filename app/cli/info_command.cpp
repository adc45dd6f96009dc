#include "app/cli/info_command.h"

#include <array>
#include <fstream>

#include "app/cli/graph_source.h"
#include "app/cli/output.h"
#include "app/cli/result_file.h"
#include "app/cli/settings.h"
#include "app/cli/weights_info.h"
#include "engine/files/npy.h"
#include "engine/node/result_text.h"
#include "nodes/images/gif_file.h"
#include "nodes/images/mp4_text.h"
#include "nodes/images/picture_header.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

// Enough for any picture's header but that of a JPEG behind large texts.
std::string beginningOf(const fs::path& file) {
  std::string head(1 << 20, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(stream.gcount()));
  return head;
}

int64_t countNodes(const std::vector<NodePtr>& nodes) {
  int64_t count = 0;
  for (const NodePtr& node : nodes) count += 1 + (node->zone ? countNodes(node->zone->nodes) : 0);
  return count;
}

json describeGraph(const Document& document, const Registry& registry) {
  json inputs = json::array(), outputs = json::array();
  for (const ExposedInput& input : document.graph.inputs)
    inputs.push_back(
        {{"name", input.name}, {"doc", input.doc}, {"value", exposedValue(document, input, registry)}});
  for (const ExposedOutput& output : document.graph.outputs)
    outputs.push_back({{"name", output.name}, {"doc", output.doc}, {"from", output.from.text()}});
  return {{"kind", "graph"},
          {"title", document.title},
          {"about", document.about},
          {"inputs", inputs},
          {"outputs", outputs},
          {"nodes", countNodes(document.graph.nodes)},
          {"groups", document.groups.size()}};
}

const char* nameOf(PictureFormat format) {
  switch (format) {
    case PictureFormat::png:
      return "PNG";
    case PictureFormat::jpeg:
      return "JPEG";
    default:
      return "WebP";
  }
}

// The graph and the provenance that a result carries.
void addTexts(json& described, const fs::path& file, const Registry& registry) {
  const auto texts = textsIn(file);
  if (!texts) return;
  if (json provenance = provenanceIn(*texts); !provenance.is_null())
    described["provenance"] = std::move(provenance);
  if (texts->contains(kGraphKey)) {
    try {
      described["graph"] = describeGraph(readGraphSource(file.string(), registry).document, registry);
    } catch (const Error& error) {
      described["graph"] = {{"unreadable", error.full()}};
    }
  }
  json others = json::array();
  for (const auto& [key, value] : *texts)
    if (key != kGraphKey && key != kProvenanceKey) others.push_back(key);
  if (!others.empty()) described["otherTexts"] = others;
}

json describePicture(const fs::path& file, const PictureHeader& header, const Registry& registry) {
  json described{{"kind", "picture"},
                 {"format", nameOf(header.format)},
                 {"width", header.width},
                 {"height", header.height}};
  if (header.format != PictureFormat::png) described["note"] = withoutTextsText(nameOf(header.format));
  addTexts(described, file, registry);
  return described;
}

json describeAnimation(const fs::path& file, const char* format, const Registry& registry) {
  json described{{"kind", "picture"}, {"format", format}};
  addTexts(described, file, registry);
  return described;
}
bool looksLikeText(const std::string& head) {
  const size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && head[begin] == '{';
}

std::string graphText(const json& graph) {
  if (graph.contains("unreadable"))
    return "its graph can't be read: " + graph["unreadable"].get<std::string>() + "\n";
  std::string text = "graph";
  if (!graph["title"].get<std::string>().empty()) text += ": " + graph["title"].get<std::string>();
  text += ", " + std::to_string(graph["nodes"].get<int64_t>()) + " nodes\n";
  if (!graph["about"].get<std::string>().empty()) text += graph["about"].get<std::string>() + "\n";
  if (!graph["inputs"].empty()) text += "to set:\n";
  for (const json& input : graph["inputs"]) {
    text += "  " + input["name"].get<std::string>() + " = " + input["value"].dump();
    if (!input["doc"].get<std::string>().empty()) text += "  " + input["doc"].get<std::string>();
    text += "\n";
  }
  if (!graph["outputs"].empty()) text += "outputs:\n";
  for (const json& output : graph["outputs"]) {
    text += "  " + output["name"].get<std::string>() + " from " + output["from"].get<std::string>();
    if (!output["doc"].get<std::string>().empty()) text += "  " + output["doc"].get<std::string>();
    text += "\n";
  }
  return text;
}

std::string pictureText(const json& d) {
  std::string text = "picture, " + d["format"].get<std::string>();
  if (d.contains("width"))
    text +=
        ", " + std::to_string(d["width"].get<int64_t>()) + " × " + std::to_string(d["height"].get<int64_t>());
  text += "\n";
  if (d.contains("graph")) text += graphText(d["graph"]);
  if (d.contains("provenance"))
    text += "made with: " + d["provenance"].dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  if (d.contains("note"))
    text += d["note"].get<std::string>() + "\n";
  else if (!d.contains("graph"))
    text += "it holds no graph\n";
  return text;
}

std::string fileText(const json& described) {
  const std::string kind = described["kind"];
  if (kind == "graph") return graphText(described);
  if (kind == "picture") return pictureText(described);
  if (kind == "array")
    return "array, numpy: " + described["dtype"].get<std::string>() + " " + described["shape"].dump() + "\n" +
           described["note"].get<std::string>() + "\n";
  if (kind == "table") return "table, CSV\n" + described["note"].get<std::string>() + "\n";
  return weightsText(described);
}

}  // namespace

json describeFile(const InfoRequest& request, const Registry& registry) {
  const std::string& name = request.file;
  const fs::path file = fs::absolute(name);
  std::error_code error;
  if (!fs::exists(file, error)) throw Error("there is no file " + name);
  if (!fs::is_regular_file(file, error)) throw Error(name + " is no ordinary file");
  const std::string head = beginningOf(file);
  const auto bytes = std::as_bytes(std::span(head));
  if (const auto picture = readPictureHeader(bytes)) return describePicture(file, *picture, registry);
  if (looksLikeGif(bytes)) return describeAnimation(file, "GIF", registry);
  if (looksLikeMp4(bytes)) return describeAnimation(file, "MP4", registry);
  if (looksLikeText(head)) return describeGraph(readGraphSource(name, registry).document, registry);
  if (looksLikeNpy(bytes)) {
    const NpyHeader header = readNpyHeader(*MappedFile::open(file));
    return {{"kind", "array"},
            {"dtype", dtypeName(header.dtype)},
            {"shape", header.shape},
            {"note", withoutTextsText("npy")}};
  }
  if (formatWithoutTexts(file) == "CSV") return {{"kind", "table"}, {"note", withoutTextsText("CSV")}};
  return describeWeights(file, request.tensors);
}

int infoCommand(const InfoRequest& request, const Registry& registry) {
  try {
    json described = describeFile(request, registry);
    if (request.json)
      writeJsonLine(stdout, described);
    else
      std::fputs(fileText(described).c_str(), stdout);
    std::fflush(stdout);
    return kDone;
  } catch (const std::exception& error) {
    return report(plainError(error), kRefused, request.json);
  }
}

}  // namespace loom
