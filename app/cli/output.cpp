#include "app/cli/output.h"

#include <c10/util/Exception.h>

#include <new>

#include "engine/core/text.h"

namespace loom {

void writeJsonLine(std::FILE* stream, const nlohmann::json& object) {
  const std::string text = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

nlohmann::json errorEvent(const Error& error, ExitCode code) {
  nlohmann::json event{{"event", "error"},
                       {"kind", code == kRefused ? "refused" : "failed"},
                       {"message", std::string(error.what())}};
  if (!error.node.empty()) event["node"] = error.node;
  if (!error.port.empty()) event["port"] = error.port;
  return event;
}

Error plainError(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return *own;
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error))
    return Error(torch->what_without_backtrace());
  if (dynamic_cast<const std::bad_alloc*>(&error)) return Error("out of memory");
  return Error(error.what());
}

int report(const Error& error, ExitCode code, bool json) {
  if (json) {
    writeJsonLine(stdout, errorEvent(error, code));
  } else {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", printable(error.full()).c_str());
  }
  return code;
}

}  // namespace loom
