// Texts behind a video: there again, passed over by what does not know them, and safe to look for anywhere.
#include <ATen/ATen.h>

#include <QtTest>
#include <random>

#include "engine/core/error.h"
#include "nodes/images/mp4_text.h"

using namespace loom;

namespace {

// Boxes as a video has them: a small one, a 64-bit one, and one with something in it.
const std::string kVideo = std::string(
                               "\0\0\0\x0c"
                               "ftypisom",
                               12) +
                           std::string(
                               "\0\0\0\x01"
                               "free\0\0\0\0\0\0\0\x14"
                               "abcd",
                               20) +
                           std::string(
                               "\0\0\0\x1c"
                               "uuid0123456789abcdefwxyz",
                               28);

std::map<std::string, std::string> textsIn(const std::string& bytes) {
  return decodeMp4Text(std::as_bytes(std::span(bytes)));
}

}  // namespace

class Mp4TextTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void thereAgain() {
    const std::map<std::string, std::string> texts{{"noiseloom.graph", std::string(3000, 'g')},
                                                   {"note", "ᾱ"}};
    QVERIFY(looksLikeMp4(std::as_bytes(std::span(kVideo))));
    QVERIFY(textsIn(kVideo).empty());
    QCOMPARE(textsIn(kVideo + mp4TextBox(texts)), texts);
    QCOMPARE(textsIn(kVideo + mp4TextBox(texts) + kVideo.substr(12)), texts);
  }

  void damaged() {
    const std::string whole = kVideo + mp4TextBox({{"a", "some text"}});
    std::mt19937 random(1);
    for (size_t at = 0; at < whole.size(); ++at)
      for (const bool cut : {false, true}) {
        std::string bytes = whole;
        if (cut)
          bytes.resize(at);
        else
          bytes[at] = static_cast<char>(random());
        try {
          textsIn(bytes);
        } catch (const Error&) {
        }
      }
    QVERIFY_EXCEPTION_THROWN(textsIn(whole.substr(0, whole.size() - 1)), Error);
    QVERIFY_EXCEPTION_THROWN(textsIn(std::string("\0\0\0\x04"
                                                 "ftyp",
                                                 8)),
                             Error);
    QVERIFY_EXCEPTION_THROWN(textsIn(std::string("\0\0\0\x01"
                                                 "ftyp\xff\xff\xff\xff\xff\xff\xff\xff",
                                                 16)),
                             Error);
  }
};

QTEST_GUILESS_MAIN(Mp4TextTest)
#include "mp4_text_test.moc"
