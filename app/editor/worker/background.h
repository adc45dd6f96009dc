#pragma once
// Work that would hold up the GUI thread, done on another one; what comes of it is brought back. Never to an
// object that is gone.
#include <QCoreApplication>
#include <QEventLoop>
#include <QPointer>
#include <QThreadPool>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

namespace loom::editor {

/// `work` (which touches nothing of `context`) on a thread of the pool, then `then(result)` on the GUI
/// thread, where `context` lives, unless that is gone by then. The other thread never looks at `context`: it
/// may go at any time, also while the result is on its way (which QFuture::then(context, ...) does not
/// survive).
template <class Work, class Then>
void inBackground(QObject* context, Work work, Then then) {
  using Result = std::invoke_result_t<Work>;
  QThreadPool::globalInstance()->start(
      [guard = QPointer<QObject>(context), work = std::move(work), then = std::move(then)]() mutable {
        auto result = std::make_shared<Result>(work());
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [guard = std::move(guard), result, then = std::move(then)]() mutable {
              if (guard) then(std::move(*result));
            },
            Qt::QueuedConnection);
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

/// What takes long to be freed is freed on a thread of the pool.
template <class T>
void letGo(T what) {
  QThreadPool::globalInstance()->start(
      [held = std::make_shared<T>(std::move(what))]() mutable { held.reset(); });
}

}  // namespace loom::editor
