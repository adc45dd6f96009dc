#include <QCryptographicHash>
#include <QtTest>

#include "engine/files/sha256.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {
std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
}  // namespace

class Sha256Test : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  // NIST's examples for FIPS 180-4, and the empty message.
  void publishedVectors_data() {
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QString>("digest");
    QTest::newRow("empty") << QByteArray()
                           << "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    QTest::newRow("abc") << QByteArray("abc")
                         << "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                << "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
    QTest::newRow("a million a") << QByteArray(1000000, 'a')
                                 << "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  }
  void publishedVectors() {
    QFETCH(QByteArray, message);
    QFETCH(QString, digest);
    QCOMPARE(sha256(bytes(message.toStdString())), digest.toStdString());
  }

  void inPiecesOfAnyLength() {
    std::string text;
    for (int i = 0; i < 500; ++i) text += static_cast<char>(i * 7);
    for (size_t piece = 1; piece < 200; ++piece) {
      Sha256 hash;
      for (size_t at = 0; at < text.size(); at += piece) hash.add(bytes(text.substr(at, piece)));
      QCOMPARE(hash.hex(), sha256(bytes(text)));
    }
  }

  void everyLengthAroundABlock() {
    // Padding changes at 56 and 64 bytes; the reference is Qt's own implementation.
    for (int length = 0; length < 200; ++length) {
      const QByteArray text(length, 'q');
      QCOMPARE(QString::fromStdString(sha256(bytes(text.toStdString()))),
               QString(QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex()));
    }
  }

  void bothWaysAgree() {
    if (!loom::detail::sha256HasFast()) QSKIP("this processor has no SHA instructions");
    std::string blocks;
    for (int i = 0; i < 64 * 33; ++i) blocks += static_cast<char>(i * i);
    std::array<uint32_t, 8> fast{1, 2, 3, 4, 5, 6, 7, 8}, plain = fast;
    loom::detail::sha256Blocks(fast, bytes(blocks).data(), 33, true);
    loom::detail::sha256Blocks(plain, bytes(blocks).data(), 33, false);
    QVERIFY(fast == plain);
  }

  void ofAFile() {
    const Scratch scratch;
    const auto path = scratch.put("a", "abc");
    QCOMPARE(sha256OfFile(path), sha256(bytes("abc")));
    QCOMPARE(sha256OfFile(path), sha256(bytes("abc")));
    scratch.put("b", "another");
    std::filesystem::rename(scratch.path("b"), path);
    QCOMPARE(sha256OfFile(path), sha256(bytes("another")));
    QVERIFY_REFUSED(sha256OfFile(scratch.path("none")), "there is no file");
    CancelToken cancel;
    cancel.request();
    scratch.put("c", "third");
    QVERIFY_THROWS_EXCEPTION(Cancelled, sha256OfFile(scratch.path("c"), &cancel));
  }
};

QTEST_GUILESS_MAIN(Sha256Test)
#include "sha256_test.moc"
