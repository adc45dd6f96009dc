// Work on other threads brings its results to objects that are there, and to no others, whenever they go.
#include "app/editor/worker/background.h"

#include <QtTest/QtTest>

using namespace loom::editor;

class BackgroundTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void resultsComeToTheGuiThread() {
    QObject context;
    int result = 0;
    QThread* on = nullptr;
    inBackground(
        &context, [] { return QThread::currentThread() == qApp->thread() ? -1 : 7; },
        [&](int value) {
          result = value;
          on = QThread::currentThread();
        });
    QTRY_COMPARE(result, 7);
    QCOMPARE(on, thread());
  }

  void whoIsGoneIsNotLookedAt() {
    int told = 0;
    for (int round = 0; round < 200; ++round) {
      std::vector<std::unique_ptr<QObject>> contexts;
      for (int i = 0; i < 60; ++i) {
        contexts.push_back(std::make_unique<QObject>());
        inBackground(
            contexts.back().get(), [i] { return QList<int>(200 + i * 37, 1); },
            [&told, context = contexts.back().get()](const QList<int>& list) {
              context->setProperty("size", list.size());
              ++told;
            });
      }
      // At any time: before the work, in the middle of it, with the result on its way.
      if (round % 3 == 0) QCoreApplication::processEvents();
    }
    QThreadPool::globalInstance()->waitForDone();
    const int before = told;
    QCoreApplication::processEvents();
    QCOMPARE(told, before);  // none of them is there any longer
  }
};

QTEST_MAIN(BackgroundTest)
#include "background_test.moc"
