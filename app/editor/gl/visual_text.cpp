#include "app/editor/gl/visual_text.h"

#include <QGlyphRun>
#include <QTextLayout>
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

namespace loom::editor {
namespace {

constexpr size_t kMostKept = 1000;
constexpr char16_t kLam = 0x0644;

// Unicode's Arabic Presentation Forms-B: a letter's forms alone, at the end, at the beginning, in the middle
// lie one after another from here; 2 where it joins the one before alone, 4 where the one after too.
struct Forms {
  char16_t letter, first;
  int count;
};
constexpr Forms kForms[] = {
    {0x0621, 0xFE80, 1}, {0x0622, 0xFE81, 2}, {0x0623, 0xFE83, 2}, {0x0624, 0xFE85, 2}, {0x0625, 0xFE87, 2},
    {0x0626, 0xFE89, 4}, {0x0627, 0xFE8D, 2}, {0x0628, 0xFE8F, 4}, {0x0629, 0xFE93, 2}, {0x062A, 0xFE95, 4},
    {0x062B, 0xFE99, 4}, {0x062C, 0xFE9D, 4}, {0x062D, 0xFEA1, 4}, {0x062E, 0xFEA5, 4}, {0x062F, 0xFEA9, 2},
    {0x0630, 0xFEAB, 2}, {0x0631, 0xFEAD, 2}, {0x0632, 0xFEAF, 2}, {0x0633, 0xFEB1, 4}, {0x0634, 0xFEB5, 4},
    {0x0635, 0xFEB9, 4}, {0x0636, 0xFEBD, 4}, {0x0637, 0xFEC1, 4}, {0x0638, 0xFEC5, 4}, {0x0639, 0xFEC9, 4},
    {0x063A, 0xFECD, 4}, {0x0641, 0xFED1, 4}, {0x0642, 0xFED5, 4}, {0x0643, 0xFED9, 4}, {0x0644, 0xFEDD, 4},
    {0x0645, 0xFEE1, 4}, {0x0646, 0xFEE5, 4}, {0x0647, 0xFEE9, 4}, {0x0648, 0xFEED, 2}, {0x0649, 0xFEEF, 2},
    {0x064A, 0xFEF1, 4}, {0x067E, 0xFB56, 4}, {0x0686, 0xFB7A, 4}, {0x0698, 0xFB8A, 2}, {0x06A9, 0xFB8E, 4},
    {0x06AF, 0xFB92, 4}, {0x06CC, 0xFBFC, 4}};

const Forms* formsOf(QChar letter) {
  for (const Forms& each : kForms)
    if (each.letter == letter) return &each;
  return nullptr;
}

// Lam and one of the four alefs are one letter; 0: they are not.
char16_t lamWith(QChar alef) {
  switch (alef.unicode()) {
    case 0x0622:
      return 0xFEF5;
    case 0x0623:
      return 0xFEF7;
    case 0x0625:
      return 0xFEF9;
    case 0x0627:
      return 0xFEFB;
    default:
      return 0;
  }
}

bool joinsOn(QChar letter) {
  const Forms* forms = formsOf(letter);
  return letter == QChar(0x0640) || (forms && forms->count == 4);  // the first stretches a word
}
bool joinsBack(QChar letter) {
  const Forms* forms = formsOf(letter);
  return letter == QChar(0x0640) || (forms && forms->count > 1);
}

QString joined(const QString& text) {
  // Signs over and under letters stand between them without parting them.
  const auto neighbour = [&text](qsizetype at, int by) {
    for (at += by; at >= 0 && at < text.size(); at += by)
      if (text[at].category() != QChar::Mark_NonSpacing) return text[at];
    return QChar();
  };
  QString result;
  for (qsizetype i = 0; i < text.size(); ++i) {
    const Forms* forms = formsOf(text[i]);
    if (!forms) {
      result += text[i];
      continue;
    }
    const bool before = forms->count > 1 && joinsOn(neighbour(i, -1));
    if (const char16_t both =
            text[i] == QChar(kLam) && i + 1 < text.size() ? lamWith(text[i + 1]) : char16_t{0}) {
      result += QChar(char16_t(both + (before ? 1 : 0)));
      ++i;
      continue;
    }
    const bool after = forms->count == 4 && joinsBack(neighbour(i, 1));
    result += QChar(char16_t(forms->first + (after ? 2 : 0) + (before ? 1 : 0)));
  }
  return result;
}

// Unicode's bidirectional order, as Qt lays a line: where the glyphs of each letter stand tells its place.
QString inOrder(const QString& text) {
  QTextLayout layout(text);
  layout.beginLayout();
  QTextLine line = layout.createLine();
  layout.endLayout();
  struct Part {
    double x;
    QString text;
  };
  std::vector<Part> parts;
  for (qsizetype from = 0; from < text.size();) {
    qsizetype to = from + 1;
    while (to < text.size() && !layout.isValidCursorPosition(static_cast<int>(to))) ++to;
    const QList<QGlyphRun> runs = line.glyphRuns(static_cast<int>(from), static_cast<int>(to - from));
    const bool there = !runs.isEmpty() && !runs.first().positions().isEmpty();
    QString part = text.mid(from, to - from);
    if (there && runs.first().isRightToLeft() && part[0].hasMirrored())
      part[0] = part[0].mirroredChar();  // brackets
    parts.push_back({there ? runs.first().positions().first().x() : line.cursorToX(static_cast<int>(from)),
                     std::move(part)});
    from = to;
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.x < b.x; });
  QString result;
  for (const Part& each : parts) result += each.text;
  return result;
}

}  // namespace

// Hebrew begins at U+0590, Arabic and those beside it end at U+08FF; their other forms begin at U+FB1D.
bool runsLeftwards(std::string_view utf8) {
  for (size_t i = 0; i + 1 < utf8.size(); ++i) {
    const auto a = static_cast<unsigned char>(utf8[i]), b = static_cast<unsigned char>(utf8[i + 1]);
    if ((a >= 0xD6 && a <= 0xDF) || (a == 0xE0 && b < 0xA4) || (a == 0xEF && b >= 0xAC && b <= 0xBB))
      return true;
  }
  return false;
}

std::string visualText(std::string_view utf8) {
  if (!runsLeftwards(utf8)) return std::string(utf8);
  static std::unordered_map<std::string, std::string> known;
  const std::string key(utf8);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  if (known.size() >= kMostKept) known.clear();
  return known[key] = inOrder(joined(QString::fromStdString(key))).toStdString();
}

}  // namespace loom::editor
