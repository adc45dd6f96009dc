#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <set>

#include "engine/files/mapped_file.h"
#include "nodes/data/dataset_file.h"
#include "nodes/data/emoji_dataset.h"
#include "nodes/data/emoji_font.h"
#include "nodes/data/text_match.h"

using namespace loom;
namespace fs = std::filesystem;

namespace {

constexpr const char* kFont = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
constexpr const char* kTable = "/usr/share/unicode/emoji/emoji-test.txt";
bool installed() { return fs::exists(kFont) && fs::exists(kTable); }
const EmojiSources kSources{kFont, kTable};

std::vector<Emoji> table() {
  const auto file = MappedFile::open(kTable);
  return parseEmojiTable({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()});
}

EmojiOptions smileys(int64_t size) { return {.size = size, .choice = {.groups = {"Smileys"}}}; }

fs::path onlyFile(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) return entry.path();
  return {};
}

}  // namespace

class EmojiTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void tableIsRead() {
    const auto all = parseEmojiTable(
        "# group: G & H\n\n# subgroup: s-t\n1F600 ; fully-qualified # 😀 E1.0 grinning face\n"
        "263A ; unqualified # ☺ E0.6 smiling face\n263A FE0F ; fully-qualified     # ☺️ E0.6 smiling "
        "face: "
        "a, b\n"
        "zzzz ; fully-qualified # x E1 broken\n110000 ; fully-qualified # x E1 beyond Unicode\n");
    QCOMPARE(all.size(), size_t(2));
    QCOMPARE(all[0].name, std::string("grinning face"));
    QCOMPARE(all[0].group, std::string("G & H"));
    QCOMPARE(all[0].subgroup, std::string("s-t"));
    QCOMPARE(all[1].codes, std::u32string({0x263A, 0xFE0F}));
    QCOMPARE(all[1].name, std::string("smiling face: a, b"));
  }
  void tableOfNothingIsRefused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("other text") << QByteArray("hello\nworld");
    QTest::newRow("binary") << QByteArray("\0\xff;#\n;;##", 9);
    QTest::newRow("endless sequence") << QByteArray("41 ").repeated(50) + "; fully-qualified # a E1 b";
  }
  void tableOfNothingIsRefused() {
    QFETCH(QByteArray, text);
    QVERIFY_EXCEPTION_THROWN(parseEmojiTable(text.toStdString()), Error);
  }

  void patterns_data() {
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("matches");
    QTest::newRow("same") << "Flags"
                          << "Flags" << true;
    QTest::newRow("case") << "flags"
                          << "Flags" << true;
    QTest::newRow("first word") << "Smileys"
                                << "Smileys & Emotion" << true;
    QTest::newRow("part of a word") << "Smile"
                                    << "Smileys & Emotion" << false;
    QTest::newRow("star") << "face-*"
                          << "face-smiling" << true;
    QTest::newRow("star inside") << "*cat*"
                                 << "grinning cat with eyes" << true;
    QTest::newRow("no star match") << "face-*"
                                   << "cat-face" << false;
    QTest::newRow("many stars") << "*a*a*a*a*a*a*b" << QString(200, 'a') << false;
  }
  void patterns() {
    QFETCH(QString, pattern);
    QFETCH(QString, text);
    QFETCH(bool, matches);
    QCOMPARE(textMatches(pattern.toStdString(), text.toStdString()), matches);
  }

  void counts() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const auto all = table();
    const auto count = [&](EmojiChoice choice) { return chosenEmoji(all, choice).size(); };
    QCOMPARE(all.size(), size_t(3655));
    QCOMPARE(count({.skinTones = true, .flags = true, .thin = false}), size_t(3655));
    QCOMPARE(count({.flags = true, .thin = false}), size_t(1870));
    QCOMPARE(count({.thin = false}), size_t(1601));
    QCOMPARE(count({.thin = true}), size_t(1601 - 20 - 25));
    QCOMPARE(count({.groups = {"Smileys", "Animals", "Food"}}), size_t(451));
    QCOMPARE(count({.subgroups = {"face-*", "cat-face", "monkey-face"}}), size_t(127));
  }

  void everyEntryIsOneGlyph() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const auto file = MappedFile::open(kFont);
    const EmojiFont font({reinterpret_cast<const uint8_t*>(file->bytes().data()), file->bytes().size()});
    for (const Emoji& emoji : table()) QVERIFY2(font.glyphOf(emoji.codes) != 0, emoji.name.c_str());
    QCOMPARE(font.glyphOf(U"hello"), 0u);
    const Canvas canvas = font.render(font.glyphOf({0x1F600}));
    QCOMPARE(canvas.width, int64_t(136));
    QCOMPARE(canvas.height, int64_t(136));
    QCOMPARE(int(canvas.rgb[0]), 255);
  }

  void drawnTwiceIsTheSame() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const Dataset one = drawEmoji(kSources, smileys(16), {.threads = 1});
    const Dataset four = drawEmoji(kSources, smileys(16), {.threads = 4});
    QVERIFY(at::equal(one.images, four.images));
    QCOMPARE(one.names, four.names);
    QCOMPARE(one.images.sizes().vec(), (std::vector<int64_t>{one.size(), 3, 16, 16}));
    QCOMPARE(one.names[0], std::string("grinning face"));
    QCOMPARE(one.classes[static_cast<size_t>(one.labels[0].item<int64_t>())], std::string("face-smiling"));
    // A face: white corners, yellow middle.
    QVERIFY((one.images[0].select(1, 0).select(1, 0) == 255).all().item<bool>());
    QVERIFY(one.images[0][0][5][8].item<int>() > 200 && one.images[0][2][5][8].item<int>() < 120);
  }

  void equalPicturesAreDropped() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const Dataset all = drawEmoji(kSources, {.size = 32, .choice = {.thin = false}}, {});
    QCOMPARE(all.size(), int64_t(1600));
    QCOMPARE(all.classes.size(), size_t(96));
    const at::Tensor flat = all.images.view({all.size(), -1});
    std::set<std::string> seen;
    for (int64_t i = 0; i < all.size(); ++i)
      seen.emplace(reinterpret_cast<const char*>(flat[i].const_data_ptr<uint8_t>()), flat.size(1));
    QCOMPARE(seen.size(), size_t(1600));
  }

  void cacheGivesTheSameBytes() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    QTemporaryDir folder;
    const fs::path cache = folder.path().toStdString();
    const Dataset drawn = cachedEmoji(kSources, smileys(16), cache, {});
    const fs::path file = onlyFile(cache);
    QVERIFY(!file.empty());
    const Dataset read = cachedEmoji(kSources, smileys(16), cache, {});
    QVERIFY(at::equal(drawn.images, read.images));
    QVERIFY(at::equal(drawn.labels, read.labels));
    QCOMPARE(drawn.names, read.names);
    QCOMPARE(drawn.classes, read.classes);
    // Other options are another file; a damaged file is drawn again.
    cachedEmoji(kSources, smileys(24), cache, {});
    QCOMPARE(std::distance(fs::directory_iterator(cache), fs::directory_iterator()), 2);
    fs::resize_file(file, fs::file_size(file) / 2);
    QVERIFY(at::equal(drawn.images, cachedEmoji(kSources, smileys(16), cache, {}).images));
    QVERIFY(readDatasetFile(file).has_value());
  }

  void unwritableCacheIsNoError() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const EmojiOptions faces{.size = 8, .choice = {.subgroups = {"cat-face"}}};
    QCOMPARE(cachedEmoji(kSources, faces, "/proc/none/here", {}).size(), int64_t(9));
    QCOMPARE(cachedEmoji(kSources, faces, "", {}).size(), int64_t(9));
  }

  void cancelStops() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    CancelToken cancel;
    cancel.request();
    QVERIFY_EXCEPTION_THROWN(drawEmoji(kSources, smileys(16), {.cancel = &cancel}), Cancelled);
  }

  void wrongRequestsSaySo() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    const auto message = [&](EmojiOptions options) -> std::string {
      try {
        drawEmoji(kSources, options, {});
      } catch (const Error& error) {
        return error.what();
      }
      return "";
    };
    QVERIFY(message({.choice = {.groups = {"Smilies"}}}).find("Smileys & Emotion") != std::string::npos);
    QVERIFY(message({.choice = {.groups = {"Flags"}}}).find("flags are off") != std::string::npos);
    QVERIFY(message({.size = 100000}).find("8 to 512") != std::string::npos);
  }

  void missingFontNamesItsPackage() {
    qputenv("NOISELOOM_EMOJI_FONT", "/nowhere/font.ttf");
    QVERIFY_EXCEPTION_THROWN(findEmojiSources(), Error);
    qunsetenv("NOISELOOM_EMOJI_FONT");
    if (installed()) return;
    try {
      findEmojiSources();
      QFAIL("found what is not installed");
    } catch (const Error& error) {
      const std::string text = error.what();
      QVERIFY(text.find("fonts-noto-color-emoji") != std::string::npos ||
              text.find("unicode-data") != std::string::npos);
    }
  }

  void brokenFontIsRefused() {
    if (!installed()) QSKIP("needs fonts-noto-color-emoji and unicode-data");
    QTemporaryDir folder;
    const fs::path file = folder.filePath("font.ttf").toStdString();
    std::ofstream(file) << "no font";
    QVERIFY_EXCEPTION_THROWN(drawEmoji({file, kTable}, smileys(16), {}), Error);
    QVERIFY_EXCEPTION_THROWN(drawEmoji({"/nowhere", kTable}, smileys(16), {}), Error);
  }
};

QTEST_GUILESS_MAIN(EmojiTest)
#include "emoji_test.moc"
