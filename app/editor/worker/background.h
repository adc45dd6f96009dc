#pragma once
// Work that would hold up the GUI thread, done on another one; what comes of it is brought back. Never to an
// object that is gone.
#include <QEventLoop>
#include <QFuture>
#include <QPromise>
#include <QThreadPool>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

namespace loom::editor {

/// `work` (which touches nothing of `context`) on a thread of the pool, then `then(result)` on the thread of
/// `context`, unless that is gone by then.
template <class Work, class Then>
void inBackground(QObject* context, Work work, Then then) {
  using Result = std::invoke_result_t<Work>;
  auto promise = std::make_shared<QPromise<Result>>();
  promise->start();
  promise->future().then(context, std::move(then));
  QThreadPool::globalInstance()->start([promise, work = std::move(work)]() mutable {
    promise->addResult(work());
    promise->finish();
  });
}

/// The same for what has to be there before anything goes on: the window is painted and answers come
/// meanwhile, but no input is taken. Throws what `work` throws.
template <class Work>
std::invoke_result_t<Work> whilePainting(Work work) {
  std::optional<std::invoke_result_t<Work>> result;
  std::exception_ptr thrown;
  QEventLoop loop;
  inBackground(
      &loop,
      [&] {
        try {
          result.emplace(work());
        } catch (...) {
          thrown = std::current_exception();
        }
        return true;
      },
      [&](bool) { loop.quit(); });
  loop.exec(QEventLoop::ExcludeUserInputEvents);
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace loom::editor
