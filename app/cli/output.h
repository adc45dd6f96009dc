#pragma once
// What the program prints: lines for people, or one JSON object a line for programs. Used on the main thread.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/core/error.h"

namespace loom {

/// Exit codes, the same for every command.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,    // while running
  kRefused = 2,   // before anything ran: usage, a bad graph, a missing file
  kStopped = 130  // by Ctrl-C or SIGTERM
};

/// One object as one line, written out at once; what is no UTF-8 is replaced.
void writeJsonLine(std::FILE* stream, const nlohmann::json& object);

/// {"event": "error", "kind": "refused", "message": ..., "node": ..., "port": ...}
nlohmann::json errorEvent(const Error& error, ExitCode code);

/// Any exception as an Error that a person can read: LibTorch's own texts carry a C++ backtrace.
Error plainError(const std::exception& error);

/// "error: node.port: message" on stderr, or the event on stdout. Returns the code.
int report(const Error& error, ExitCode code, bool json);

}  // namespace loom
