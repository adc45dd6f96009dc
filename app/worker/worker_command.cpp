#include "app/worker/worker_command.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "app/cli/memory.h"
#include "app/cli/output.h"
#include "app/worker/client_channel.h"
#include "app/worker/session.h"

namespace loom {
namespace {

std::atomic<Session*> serving{nullptr};
std::atomic<int> asked{-1};  // an eventfd: becomes readable by the first signal

void onSignal(int) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = write(asked.load(), &one, sizeof one);
  if (Session* session = serving.load()) session->end();
}

// SIGINT is the client's: in a terminal it goes to both, and the client ends the worker when it ends.
void takeSignals() {
  asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

Session::Options optionsOf(const WorkerRequest& request, int in, int out) {
  return {.in = in,
          .out = out,
          .policy = request.policy,
          .cacheBytes = static_cast<size_t>(request.memoryCacheBytes),
          .diskCacheBytes = request.noCache ? 0 : request.cacheBytes};
}

void serve(const WorkerRequest& request, const Registry& registry, int in, int out,
           std::optional<SocketChannel>& socket) {
  auto session = std::make_unique<Session>(registry, optionsOf(request, in, out));
  serving = session.get();
  uint64_t signals = 0;
  if (read(asked.load(), &signals, sizeof signals) == sizeof signals) session->end();
  const bool whole = session->run();
  serving = nullptr;
  if (whole) return;
  // A node that does not look whether it is to stop can't be waited for, nor its thread be ended.
  session->removeFolder();
  socket.reset();
  std::fflush(nullptr);
  _exit(kDone);
}

}  // namespace

int workerCommand(const WorkerRequest& request, const Registry& registry) {
  try {
    takeSignals();
    // Loads what it needs of LibTorch before any tensor is made.
    limitMemory(decidePolicy(request.policy));
    std::optional<SocketChannel> socket;
    if (request.socket.empty()) {
      const StandardChannel channel;
      serve(request, registry, channel.in(), channel.out(), socket);
      return kDone;
    }
    socket.emplace(request.socket);
    if (socket->accept(asked.load())) serve(request, registry, socket->file(), socket->file(), socket);
    return kDone;
  } catch (const std::exception& error) {
    return report(plainError(error), kRefused, false);
  }
}

}  // namespace loom
