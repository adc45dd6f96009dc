#include "engine/run/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <new>

// AddressSanitizer must be told of every change of stack.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define LOOM_FIBER_ASAN 1
#else
#define LOOM_FIBER_ASAN 0
#endif

namespace loom {

struct Fiber::Contexts {
  ucontext_t inside{}, outside{};
  void* memory = nullptr;  // a page that can't be touched, then the stack
  size_t bytes = 0, page = 0;
  void* fakeStack = nullptr;
  const void* outsideStack = nullptr;
  size_t outsideBytes = 0;

  explicit Contexts(size_t stackBytes) : page(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    bytes = (stackBytes + page - 1) / page * page + page;
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    mprotect(memory, page, PROT_NONE);  // running over the end is a fault, not a mystery
  }
  ~Contexts() { munmap(memory, bytes); }
  char* stack() const { return static_cast<char*>(memory) + page; }
  size_t stackBytes() const { return bytes - page; }
};

Fiber::Fiber(std::function<void()> body, size_t stackBytes)
    : body_(std::move(body)), contexts_(std::make_unique<Contexts>(stackBytes)) {
  getcontext(&contexts_->inside);
  contexts_->inside.uc_stack.ss_sp = contexts_->stack();
  contexts_->inside.uc_stack.ss_size = contexts_->stackBytes();
  contexts_->inside.uc_link = &contexts_->outside;
  // makecontext hands on ints alone, so the pointer goes in halves.
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&contexts_->inside, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
              static_cast<unsigned>(self & 0xffffffff), static_cast<unsigned>(self >> 32));
}

Fiber::~Fiber() = default;

void Fiber::enter(unsigned low, unsigned high) {
  auto* fiber = reinterpret_cast<Fiber*>((static_cast<uintptr_t>(high) << 32) | low);
#if LOOM_FIBER_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &fiber->contexts_->outsideStack, &fiber->contexts_->outsideBytes);
#endif
  try {
    fiber->body_();
  } catch (...) {
    fiber->failure_ = std::current_exception();
  }
  fiber->finished_ = true;
#if LOOM_FIBER_ASAN
  __sanitizer_start_switch_fiber(nullptr, fiber->contexts_->outsideStack, fiber->contexts_->outsideBytes);
#endif
}  // to uc_link

void Fiber::resume() {
#if LOOM_FIBER_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, contexts_->stack(), contexts_->stackBytes());
#endif
  swapcontext(&contexts_->outside, &contexts_->inside);
#if LOOM_FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
#if LOOM_FIBER_ASAN
  __sanitizer_start_switch_fiber(&contexts_->fakeStack, contexts_->outsideStack, contexts_->outsideBytes);
#endif
  swapcontext(&contexts_->inside, &contexts_->outside);
#if LOOM_FIBER_ASAN
  __sanitizer_finish_switch_fiber(contexts_->fakeStack, &contexts_->outsideStack, &contexts_->outsideBytes);
#endif
}

}  // namespace loom
