// Content keys, texts for messages, errors, the request to stop.
#include <ATen/ATen.h>

#include <QtTest>
#include <set>

#include "engine/core/cancel.h"
#include "engine/core/key.h"
#include "engine/core/text.h"

using namespace loom;

class CoreTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void keysTellFieldsApart() {
    const std::vector<Key> keys{
        KeyBuilder("a").key(),
        KeyBuilder("b").key(),
        KeyBuilder("a").add("bc").add("d").key(),
        KeyBuilder("a").add("b").add("cd").key(),
        KeyBuilder("ab").add("c").add("d").key(),
        KeyBuilder("a").add(int64_t{1}).key(),
        KeyBuilder("a").add(int32_t{1}).key(),
        KeyBuilder("a").add(1.0).key(),
        KeyBuilder("a").add(-0.0).key(),
        KeyBuilder("a").add(0.0).key(),
        KeyBuilder("a").add(KeyBuilder("b").key()).key(),
        chain(KeyBuilder("a").key(), KeyBuilder("b").key()),
        chain(KeyBuilder("b").key(), KeyBuilder("a").key()),
    };
    std::set<std::string> texts;
    for (const Key& key : keys) {
      QVERIFY(static_cast<bool>(key));
      texts.insert(key.hex());
    }
    QCOMPARE(texts.size(), keys.size());
    QVERIFY(!Key{});
  }
  // Keys are written into checkpoints: they must not change from build to build.
  void keysStay() {
    QCOMPARE(KeyBuilder("noiseloom").add(int64_t{42}).add("x").key().hex(),
             KeyBuilder("noiseloom").add(int64_t{42}).add("x").key().hex());
    QCOMPARE(Key({1, 2}).hex(), std::string("00000000000000020000000000000001"));
  }

  void shortTexts_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("most");
    QTest::addColumn<QString>("expected");
    QTest::newRow("short") << "abc" << 3 << "abc";
    QTest::newRow("cut") << "abcdefgh" << 6 << "abc...";
    QTest::newRow("two bytes a character") << "αβγδε" << 8 << "αβ...";
    QTest::newRow("four bytes a character") << "😀😀😀" << 8 << "😀...";
    QTest::newRow("nothing fits") << "😀😀" << 5 << "...";
  }
  void shortTexts() {
    QFETCH(QString, text);
    QFETCH(int, most);
    QFETCH(QString, expected);
    QCOMPARE(QString::fromStdString(shortened(text.toStdString(), static_cast<size_t>(most))), expected);
  }

  void errorsReadAsSentences() {
    QCOMPARE(Error("m").full(), std::string("m"));
    QCOMPARE(Error("n", "", "m").full(), std::string("n: m"));
    QCOMPARE(Error("n", "p", "m").full(), std::string("n.p: m"));
  }
  void cancelling() {
    CancelToken token;
    token.check();
    token.request();
    bool stopped = false;
    try {
      token.check();
    } catch (const Cancelled&) {
      stopped = true;
    }
    QVERIFY(stopped);
    token.reset();
    token.check();
  }
};

QTEST_GUILESS_MAIN(CoreTest)
#include "core_test.moc"
