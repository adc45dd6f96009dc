// Titles in other scripts: what the canvas and Qt's widgets draw of them is letters, neither nothing nor
// boxes.
#include <imgui.h>

#include <QFile>
#include <QLabel>
#include <QPainter>
#include <QtTest/QtTest>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/visual_text.h"

using namespace loom::editor;

namespace {

constexpr int kCell = 48, kLetters = 4;
constexpr const char* kUnknown = "\xEE\x84\xA3";  // of the private use area: no font has it

// Letters in a row of cells, with one that no font has at the end; once with each face.
class Row : public ImGuiWidget {
 public:
  Row() { resize(kCell * (kLetters + 1), kCell * 3); }
  QStringList letters;

  QImage face(int row) {
    const QImage all = grabFramebuffer();
    const int cell = all.width() / (kLetters + 1);
    return all.copy(0, row * cell, all.width(), cell).convertToFormat(QImage::Format_RGB32);
  }

 protected:
  void drawFrame() override {
    ImDrawList* list = ImGui::GetBackgroundDrawList();
    ImFont* const faces[] = {textFont(), boldFont(), numberFont()};
    for (int row = 0; row < 3; ++row)
      for (int i = 0; i < letters.size(); ++i)
        list->AddText(faces[row], 32, ImVec2(float(i * kCell + 4), float(row * kCell + 4)), 0xFFFFFFFF,
                      letters[i].toUtf8().constData());
  }
};

int inkOf(const QImage& image) {
  int ink = 0;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) ink += qGray(image.pixel(x, y)) > 90;
  return ink;
}

// The last one is the box that stands for what is not there.
void compareLetters(const QImage& row) {
  const int cell = row.width() / (kLetters + 1);
  const auto letter = [&](int i) { return row.copy(i * cell, 0, cell, row.height()); };
  for (int i = 0; i < kLetters; ++i) {
    QVERIFY2(inkOf(letter(i)) > 15, qPrintable(QString("letter %1 is blank").arg(i)));
    QVERIFY2(letter(i) != letter(kLetters), qPrintable(QString("letter %1 is a box").arg(i)));
    for (int k = 0; k < i; ++k)
      QVERIFY2(letter(i) != letter(k), qPrintable(QString("letters %1 and %2 are one").arg(i).arg(k)));
  }
}

}  // namespace

class ScriptsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() {
    QFont font = QApplication::font();
    font.setFamily("Inter");
    font.setPixelSize(13);
    QApplication::setFont(font);
  }

  void eachScriptIsReadable_data() {
    QTest::addColumn<QString>("letters");
    QTest::addColumn<QStringList>("fonts");  // one of these has it
    const QString folder = "/usr/share/fonts/truetype/";
    const QString cjk = folder + "wqy/wqy-microhei.ttc";
    const QString dejavu = folder + "dejavu/DejaVuSans.ttf";
    const auto noto = [&folder](const char* name) {
      return folder + "noto/NotoSans" + name + "UI-Regular.ttf";
    };
    const QString inter = "/usr/share/fonts/opentype/inter/Inter-Regular.otf";
    QTest::newRow("Greek") << QString::fromUtf8("αβσω") << QStringList{inter, dejavu};
    QTest::newRow("Cyrillic") << QString::fromUtf8("жщюя") << QStringList{inter, dejavu};
    QTest::newRow("Chinese") << QString::fromUtf8("扩散采样") << QStringList{cjk};
    QTest::newRow("Japanese") << QString::fromUtf8("ノイズの") << QStringList{cjk};
    QTest::newRow("Korean") << QString::fromUtf8("확산모델") << QStringList{cjk};
    QTest::newRow("Arabic") << QString::fromUtf8("سعقم") << QStringList{dejavu};
    QTest::newRow("Hebrew") << QString::fromUtf8("שלמא") << QStringList{dejavu};
    QTest::newRow("Thai") << QString::fromUtf8("กขมส") << QStringList{noto("Thai")};
    QTest::newRow("Devanagari") << QString::fromUtf8("कमसर") << QStringList{noto("Devanagari")};
    QTest::newRow("Tamil") << QString::fromUtf8("கமழர") << QStringList{noto("Tamil")};
    QTest::newRow("mathematics") << QString::fromUtf8("∑∇√∞") << QStringList{dejavu};
  }
  void eachScriptIsReadable() {
    QFETCH(QString, letters);
    QFETCH(QStringList, fonts);
    if (std::none_of(fonts.begin(), fonts.end(), [](const QString& each) { return QFile::exists(each); }))
      QSKIP(qPrintable(QString("no font of this machine has %1").arg(QTest::currentDataTag())));
    QStringList all;
    for (const QChar letter : letters) all << letter;  // none takes two
    QCOMPARE(all.size(), kLetters);
    all << QString::fromUtf8(kUnknown);
    Row row;
    row.letters = all;
    row.show();
    QTRY_VERIFY(row.framesPainted() > 3);
    for (int face = 0; face < 3; ++face) {
      compareLetters(row.face(face));
      if (QTest::currentTestFailed()) return;
    }
    QImage image(kCell * (kLetters + 1), kCell, QImage::Format_RGB32);
    image.fill(Qt::black);
    for (int i = 0; i <= kLetters; ++i) {
      QLabel label(all[i]);
      QFont font = label.font();
      font.setPixelSize(32);
      label.setFont(font);
      label.setStyleSheet("background: black; color: white");
      label.resize(kCell, kCell);
      label.render(&image, QPoint(i * kCell, 0));
    }
    compareLetters(image);
  }

  void whatRunsLeftwardsIsPutInOrder_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("seen");
    const auto u = [](std::initializer_list<char16_t> letters) {
      return QString::fromUtf16(letters.begin(), static_cast<qsizetype>(letters.size()));
    };
    QTest::newRow("Latin") << "Predict x₀"
                           << "Predict x₀";
    QTest::newRow("Chinese") << QString::fromUtf8("扩散") << QString::fromUtf8("扩散");
    QTest::newRow("Hebrew") << u({0x05E9, 0x05DC, 0x05D5, 0x05DD}) << u({0x05DD, 0x05D5, 0x05DC, 0x05E9});
    // Numbers and Latin words run rightwards within it; brackets turn round.
    QTest::newRow("Hebrew with a number")
        << u({0x05D0, 0x05D1, ' ', '1', '2'}) << u({'1', '2', ' ', 0x05D1, 0x05D0});
    QTest::newRow("brackets") << u({0x05D0, '(', 0x05D1, ')'}) << u({'(', 0x05D1, ')', 0x05D0});
    QTest::newRow("within Latin") << u({'a', ' ', 0x05D0, 0x05D1, ' ', 'b'})
                                  << u({'a', ' ', 0x05D1, 0x05D0, ' ', 'b'});
    // seen, lam, alef, meem: the first two join, lam and alef are one, meem stands alone after alef.
    QTest::newRow("Arabic") << u({0x0633, 0x0644, 0x0627, 0x0645}) << u({0xFEE1, 0xFEFC, 0xFEB3});
    // A sign between letters parts them not.
    QTest::newRow("Arabic with a sign") << u({0x0628, 0x064E, 0x062A}) << u({0xFE96, 0xFE91, 0x064E});
    QTest::newRow("Persian") << u({0x06AF, 0x0644}) << u({0xFEDE, 0xFB94});
    QTest::newRow("nothing") << ""
                             << "";
  }
  void whatRunsLeftwardsIsPutInOrder() {
    QFETCH(QString, text);
    QFETCH(QString, seen);
    for (int again = 0; again < 2; ++again)
      QCOMPARE(QString::fromStdString(visualText(text.toStdString())), seen);
    QCOMPARE(runsLeftwards(text.toStdString()), text != seen);
  }
};

QTEST_MAIN(ScriptsTest)
#include "scripts_test.moc"
