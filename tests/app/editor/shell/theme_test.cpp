// Text is readable in both themes: a contrast of 4.5 or more (WCAG's AA) with all that it stands on.
#include <QtTest/QtTest>
#include <cmath>

#include "app/editor/gl/theme.h"

using namespace loom::editor;

namespace {

double luminance(const QColor& colour) {
  const auto part = [](double value) {
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) + 0.0722 * part(colour.blueF());
}

double contrast(const QColor& a, const QColor& b) {
  const double first = luminance(a), second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

constexpr double kLeast = 4.5;

}  // namespace

class ThemeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void textIsReadable_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("dark") << true;
    QTest::newRow("light") << false;
  }
  void textIsReadable() {
    QFETCH(bool, dark);
    const Theme& theme = dark ? Theme::darkTheme() : Theme::lightTheme();
    QCOMPARE(theme.dark, dark);
    const std::pair<const char*, QColor> texts[] = {
        {"text", theme.text},   {"dim", theme.dim},         {"accent", theme.accent}, {"go", theme.go},
        {"error", theme.error}, {"warning", theme.warning}, {"runA", theme.runA},     {"runB", theme.runB}};
    const std::pair<const char*, QColor> grounds[] = {{"window", theme.window}, {"panel", theme.panel},
                                                      {"raised", theme.raised}, {"field", theme.field},
                                                      {"canvas", theme.canvas}, {"node", theme.node}};
    for (const auto& [textName, text] : texts)
      for (const auto& [groundName, ground] : grounds)
        QVERIFY2(contrast(text, ground) >= kLeast,
                 qPrintable(QString("%1 on %2: %3").arg(textName, groundName).arg(contrast(text, ground))));
    for (const char* group : {"denoise", "weights", "schedule", "noise", "predict", "step", "image", "data",
                              "train", "loss", "series", "plot", "tensor", "zone", "group", "no such group"})
      QVERIFY2(
          contrast(theme.nodeText, theme.group(group)) >= kLeast,
          qPrintable(
              QString("a header of %1: %2").arg(group).arg(contrast(theme.nodeText, theme.group(group)))));
  }

  void whatIsDrawnHasThatContrast_data() { textIsReadable_data(); }
  void whatIsDrawnHasThatContrast() {
    QFETCH(bool, dark);
    Theme::use(dark ? Theme::darkTheme() : Theme::lightTheme());
    QCOMPARE(Theme::current().dark, dark);
    QPushButton primary("Run"), plain("Run");
    primary.setProperty("primary", true);
    for (QPushButton* button : {&primary, &plain}) {
      button->resize(120, 40);
      button->ensurePolished();
      const QImage image = button->grab().toImage();
      const QColor ground = image.pixelColor(image.width() / 6, image.height() / 2);
      double best = 1;  // of the letters' inner pixels; edges are blends
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
          best = std::max(best, contrast(image.pixelColor(x, y), ground));
      QVERIFY2(best >= kLeast, qPrintable(QString::number(best)));
    }
  }

  // Dots and wires: 3 to 1, as WCAG asks of what is no text; on a dark ground they are as they were chosen.
  void coloursOfTypesStandOut() {
    for (const unsigned rgb : {0xB39DDBu, 0xFFD500u, 0xFF6E6Eu, 0xFFA931u, 0xFF9CF9u, 0x64B5F6u, 0x81C784u,
                               0xB0B0B0u, 0xCDFFCDu, 0xFFFFFFu, 0x000000u, 0xE0E0E0u}) {
      const QColor light = Theme::lightTheme().ofType(rgb);
      QVERIFY2(contrast(light, Theme::lightTheme().panel) >= 3, qPrintable(QColor::fromRgb(rgb).name()));
      QCOMPARE(Theme::darkTheme().ofType(rgb), QColor::fromRgb(rgb));
    }
    // Types stay apart.
    QVERIFY(Theme::lightTheme().ofType(0xFF9CF9) != Theme::lightTheme().ofType(0x81C784));
  }

  void coloursForDrawLists() {
    QCOMPARE(imColour(0x112233u), 0xFF332211u);
    QCOMPARE(imColour(QColor(0x11, 0x22, 0x33), 0.5), 0x80332211u);
    QCOMPARE(imColour(QColor(0x11, 0x22, 0x33, 0)), 0x00332211u);
  }
};

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"
