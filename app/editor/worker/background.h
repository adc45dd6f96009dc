#pragma once
// Work that would hold up the GUI thread, done on another one; what comes of it is brought back. Never to an
// object that is gone.
#include <QFuture>
#include <QPromise>
#include <QThreadPool>
#include <memory>
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

}  // namespace loom::editor
