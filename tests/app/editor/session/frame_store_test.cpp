// The memory of what was seen stays within its budget, and what goes is what was looked at longest ago.
#include "app/editor/session/frame_store.h"

#include <QtTest>
#include <random>

using namespace loom::editor;

namespace {

ValuesPtr values(size_t bytes) {
  auto made = std::make_shared<Values>();
  made->data = std::vector<float>(bytes / sizeof(float));
  return made;
}

PicturePtr picture(size_t bytes) {
  auto made = std::make_shared<Picture>();
  made->rgba.resize(bytes);
  return made;
}

}  // namespace

class FrameStoreTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void oldestNumbersGoFirst() {
    FrameStore store;
    store.setBudget(1000);
    const FrameEntryPtr a = store.make(), b = store.make(), c = store.make();
    store.put(a, picture(100));
    store.put(a, values(400));
    store.put(b, values(400));
    store.used(a);
    store.put(c, values(400));
    QVERIFY(a->values && !b->values && c->values && a->thumbnail);
    QVERIFY(b->number.evicted);
    QCOMPARE(store.bytes(), size_t{900});
  }

  void newestStaysWhateverItsSize() {
    FrameStore store;
    store.setBudget(1000);
    const FrameEntryPtr small = store.make(), large = store.make();
    store.put(small, values(400));
    store.put(large, values(4000));
    QVERIFY(large->values && !small->values);
    store.put(small, values(400));
    QVERIFY(!large->values && small->values);
  }

  void picturesGoLast() {
    FrameStore store;
    store.setBudget(1000);
    const FrameEntryPtr a = store.make(), b = store.make(), c = store.make();
    store.put(a, picture(500));
    store.put(b, values(400));
    store.put(c, picture(500));
    QVERIFY(a->thumbnail && !b->values && c->thumbnail);
    store.put(b, picture(300));
    QVERIFY(!a->thumbnail && a->picture.evicted && b->thumbnail && c->thumbnail);
  }

  // Whatever is done in whatever order: the sum is that of what is there, and within the budget but for one.
  void sumIsRight() {
    std::mt19937 random(7);
    FrameStore store;
    store.setBudget(10'000);
    std::vector<FrameEntryPtr> entries(40);
    for (int i = 0; i < 5000; ++i) {
      FrameEntryPtr& entry = entries[random() % entries.size()];
      switch (random() % 5) {
        case 0:
          entry.reset();
          break;
        case 1:
          if (entry) store.used(entry);
          break;
        case 2:
          if (!entry) entry = store.make();
          store.put(entry, picture(random() % 900));
          break;
        default:
          if (!entry) entry = store.make();
          store.put(entry, values(random() % 900 / 4 * 4));
      }
      size_t sum = 0;
      for (const FrameEntryPtr& each : entries)
        if (each)
          sum += (each->values ? each->values->data.size() * 4 : 0) +
                 (each->thumbnail ? each->thumbnail->rgba.size() : 0);
      QCOMPARE(store.bytes(), sum);
      QVERIFY(sum <= 10'000 + 900);
    }
    entries.clear();
    QCOMPARE(store.bytes(), size_t{0});
  }
};

QTEST_GUILESS_MAIN(FrameStoreTest)
#include "frame_store_test.moc"
