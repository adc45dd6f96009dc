#include "app/cli/verify_command.h"

#include <unistd.h>

#include <chrono>

#include "app/cli/duration.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/remade.h"
#include "app/cli/result_file.h"
#include "app/cli/temporary_folder.h"
#include "app/cli/terminal_observer.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

const char* nameOf(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::exact:
      return "exact";
    case Verdict::Kind::within:
      return "within";
    case Verdict::Kind::differs:
      return "differs";
    case Verdict::Kind::unknown:
      break;
  }
  return "unknown";
}

Verdict unknown(std::string reason) {
  Verdict verdict;
  verdict.reason = std::move(reason);
  return verdict;
}

void judge(Verdict& verdict, const at::Tensor& held, const at::Tensor& remade, bool exact) {
  if (held.sizes() != remade.sizes()) {
    const auto size = [](const at::Tensor& picture) {
      return std::to_string(picture.size(2)) + " × " + std::to_string(picture.size(1)) + " with " +
             std::to_string(picture.size(0)) + " channels";
    };
    verdict.kind = Verdict::Kind::differs;
    verdict.reason = "it is " + size(held) + ", made again it is " + size(remade);
    return;
  }
  verdict.difference = pictureDifference(held, remade);
  verdict.kind = verdict.difference.equal()                         ? Verdict::Kind::exact
                 : !exact && verdict.difference.max <= kVerifyBound ? Verdict::Kind::within
                                                                    : Verdict::Kind::differs;
}

/// Pictures of one run share its work. The number of threads is in no content key, but may show in the last
/// digits.
struct SharedWork {
  json threads;
  Cache cache;

  Cache* of(const json& made) {
    const json wanted = made.value("threads", json());
    if (wanted != threads) cache.clear();
    threads = wanted;
    return &cache;
  }
};

/// Throws Cancelled; everything else that goes wrong is a verdict.
Verdict verify(const std::string& asked, const VerifyRequest& request, const Registry& registry,
               const CancelToken& cancel, SharedWork& shared) {
  const Clock::time_point start = Clock::now();
  Verdict verdict;
  TerminalObserver terminal({.bar = !request.json && isatty(fileno(stderr)), .messages = false});
  try {
    const GraphSource source = readGraphSource(asked, registry);
    if (source.texts.empty()) return unknown("it is a graph, not a picture");
    const json made = provenanceIn(source.texts);
    if (made.is_null()) return unknown("it holds a graph, but not what it was made with");
    const at::Tensor held = readPng(source.file);
    const TemporaryFolder folder;
    const RemakeOptions options{.allow = request.allow,
                                .folder = folder.path(),
                                .observer = &terminal,
                                .cache = shared.of(made),
                                .cancel = &cancel};
    verdict.missing = missingFiles(source, made, options);
    if (!verdict.missing.empty()) {
      verdict.reason = "a file that its graph reads is not there";
      return verdict;
    }
    const Remade remade = remake(source, made, options, registry);
    verdict.environment = environmentDifferences(made, remade.provenance);
    judge(verdict, held, remade.pixels, request.exact);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    return unknown(plainError(error).full());
  }
  verdict.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return verdict;
}

std::string verdictText(const Verdict& verdict, bool exact) {
  const std::string difference = verdict.reason.empty() ? describe(verdict.difference) : verdict.reason;
  switch (verdict.kind) {
    case Verdict::Kind::exact:
      return "agrees exactly";
    case Verdict::Kind::within:
      return "agrees within " + std::to_string(static_cast<int>(kVerifyBound)) +
             " of 255 levels: " + difference;
    case Verdict::Kind::differs:
      return (exact && verdict.reason.empty() && verdict.difference.max <= kVerifyBound
                  ? "is not exactly the same: "
                  : "DIFFERS: ") +
             difference;
    case Verdict::Kind::unknown:
      break;
  }
  return "can't be told: " + verdict.reason;
}

void print(const std::string& picture, const Verdict& verdict, bool exact) {
  std::printf("%s: %s", picture.c_str(), verdictText(verdict, exact).c_str());
  if (verdict.kind != Verdict::Kind::unknown) std::printf(" (%s)", durationText(verdict.seconds).c_str());
  std::printf("\n");
  for (const std::string& missing : verdict.missing) std::printf("  %s\n", missing.c_str());
  for (const EnvironmentDifference& each : verdict.environment)
    std::printf("  %s: made with %s, here %s\n", each.what.c_str(),
                each.made.empty() ? "none" : each.made.c_str(),
                each.here.empty() ? "none" : each.here.c_str());
  if (verdict.kind == Verdict::Kind::differs && verdict.environment.empty())
    std::printf(
        "  nothing that it says of where it was made differs here: its pixels were changed, or its "
        "graph does not give the same twice\n");
  std::fflush(stdout);
}

json jsonOf(const std::string& picture, const Verdict& verdict) {
  json event{{"event", "verified"}, {"file", picture}, {"verdict", nameOf(verdict.kind)}};
  if (!verdict.reason.empty()) event["reason"] = verdict.reason;
  if (verdict.kind != Verdict::Kind::unknown && verdict.reason.empty())
    event.update({{"max", verdict.difference.max},
                  {"mean", verdict.difference.mean},
                  {"differing", verdict.difference.differing},
                  {"pixels", verdict.difference.pixels},
                  {"seconds", verdict.seconds}});
  json& environment = event["environment"] = json::array();
  for (const EnvironmentDifference& each : verdict.environment)
    environment.push_back({{"what", each.what}, {"made", each.made}, {"here", each.here}});
  event["missing"] = verdict.missing;
  return event;
}

}  // namespace

int verifyCommand(const VerifyRequest& request, const Registry& registry) {
  CancelToken cancel;
  const Interrupt interrupt(cancel);
  bool differs = false, untold = false;
  SharedWork shared;
  try {
    for (const std::string& picture : request.pictures) {
      const Verdict verdict = verify(picture, request, registry, cancel, shared);
      differs |= verdict.kind == Verdict::Kind::differs;
      untold |= verdict.kind == Verdict::Kind::unknown;
      if (request.json)
        writeJsonLine(stdout, jsonOf(picture, verdict));
      else
        print(picture, verdict, request.exact);
    }
  } catch (const Cancelled&) {
    if (!request.json) std::fprintf(stderr, "stopped\n");
    return kStopped;
  }
  return differs ? kFailed : untold ? kRefused : kDone;
}

}  // namespace loom
