#include "app/cli/interrupt.h"

#include <unistd.h>

#include "app/cli/output.h"

namespace loom {
namespace {

std::atomic<CancelToken*> target{nullptr};
static_assert(std::atomic<CancelToken*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler may use nothing that locks");

void onSignal(int) {
  CancelToken* token = target.load();
  if (!token || token->requested()) _exit(kStopped);
  token->request();
}

}  // namespace

Interrupt::Interrupt(CancelToken& token) {
  target = &token;
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, nullptr, &oldInterrupt_);
  if (oldInterrupt_.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, &oldTerminate_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &oldInterrupt_, nullptr);
  sigaction(SIGTERM, &oldTerminate_, nullptr);
  target = nullptr;
}

}  // namespace loom
